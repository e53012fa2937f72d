// What mails carry, and accounts elsewhere: requirements 70 and 71.
import type { Defence } from './defence.ts'

const ACCOUNTS_TEST = 'test/http/accounts.test.ts'
const RECOVERY = 'test/http/recovery.test.ts'
const LOST_PASSKEY = 'test/http/lost-passkey.test.ts'
const BY_MAIL = 'test/http/email-sign-in.test.ts'
const ADDRESS = 'test/http/address.test.ts'
const UPSTREAM = 'test/http/upstream.test.ts'
const UPSTREAM_WHOLE = 'test/http/upstream-whole.test.ts'
const ACCOUNTS = 'src/auth/accounts'
const AT_REST = 'test/http/mails-at-rest.test.ts'
const MAILED = 'src/auth/email-sign-in'
const MAILED_BEFORE = 'test/http/mailed-before.test.ts'
const SECOND_PRESS = 'test/http/second-press.test.ts'

export const PEOPLE: readonly Defence[] = [
  {
    requirement: 70,
    off: 'links in mails work for an hour',
    test: RECOVERY,
    edits: [[`${ACCOUNTS}/mail-limits.ts`, 'export const TOKEN_MINUTES = 15', 'export const TOKEN_MINUTES = 60']],
  },
  {
    requirement: 70,
    off: 'whoever reads the database reads the links and codes of mails',
    test: AT_REST,
    edits: [['src/kernel/sealed-job.ts', 'new Set([MAIL_JOB, STRANGER_MAIL_JOB])', 'new Set()']],
  },
  {
    requirement: 70,
    off: 'a scanner that looks at the link for a new password sets one',
    test: RECOVERY,
    edits: [
      [
        'src/auth/recovery/routes.ts',
        '    pending: (call, token) => recovery.pending(call, token),',
        `    async pending(call, token) {
      const found = await recovery.pending(call, token)
      await recovery.reset(call, { token, password: \`\${token} of a scanner\` })
      return found
    },`,
      ],
    ],
  },
  {
    requirement: 70,
    off: 'a scanner that looks at the link of a sign-up confirms it',
    test: ACCOUNTS_TEST,
    edits: [
      [
        'src/auth/pages/confirm-routes.ts',
        'const pending = await parts.accounts.pendingSignUp(call, { token: query.token, browser: browserOf(exchange) })',
        'const pending = await parts.accounts.confirm(call, { token: query.token, browser: browserOf(exchange), client: exchange.client })',
      ],
    ],
  },
  {
    requirement: 70,
    off: 'a scanner that looks at the link for signing in uses it up',
    test: BY_MAIL,
    edits: [
      [
        `${MAILED}/service.ts`,
        '!deps.methods.magicLink) return undefined\n',
        '!deps.methods.magicLink) return undefined\n      await repository.use(call, found)\n',
      ],
    ],
  },
  {
    requirement: 70,
    off: 'a scanner that looks at the link for a new address moves the account',
    test: ADDRESS,
    edits: [
      [
        'src/auth/address/routes.ts',
        'const email = await addresses.pending(call, { token, accountId })\n',
        'const email = await addresses.pending(call, { token, accountId })\n            await addresses.confirm(call, { token, accountId })\n',
      ],
    ],
  },
  {
    requirement: 70,
    off: 'a code or link that was mailed before a new password signs in after it',
    test: MAILED_BEFORE,
    edits: [[`${MAILED}/service.ts`, ' || !equalSecrets(credentialOf(account), credential)', '']],
  },
  {
    requirement: 70,
    off: 'whoever has a link that was used hears what came of it',
    test: SECOND_PRESS,
    edits: [['src/auth/second-press.ts', ' && equalSecrets(usedBy, press)', '']],
  },
  {
    requirement: 70,
    off: 'a link for a new password works again',
    test: RECOVERY,
    edits: [
      [
        'src/auth/recovery/repository.ts',
        '        updateIn(resetsCollection, value.id, { set: emptied(press, now), ifVersion: version }),\n',
        '',
      ],
      [
        'src/auth/recovery/service.ts',
        'return equalSecrets(credentialOf(account), reset.value.credential) ?',
        'return account.id !== "" ?',
      ],
    ],
  },
  {
    requirement: 70,
    off: 'a code from a mail works again',
    test: BY_MAIL,
    edits: [[`${MAILED}/repository.ts`, 'waiting.delete(call, value.id, { ifVersion: version })', 'Promise.resolve(version >= 0)']],
  },
  {
    requirement: 70,
    off: 'a link for a new address works again',
    test: ADDRESS,
    edits: [
      [
        'src/auth/address/repository.ts',
        '        updateIn(addressChangesCollection, used.value.id, { set: { usedAt: undo.changedAt }, ifVersion: used.version }),\n',
        '',
      ],
      [
        'src/auth/address/repository.ts',
        '          where: { ...sameAccount(account), deletionAt: account.deletionAt, reclaimedSince: undefined },\n',
        '',
      ],
      ['src/auth/address/service.ts', 'return equalSecrets(credentialOf(account), used.value.credential) ?', 'return account.id !== "" ?'],
    ],
  },
  {
    requirement: 70,
    off: 'links for new passwords are kept as they are',
    test: RECOVERY,
    edits: [
      ['src/auth/recovery/service.ts', "repository.find(call, sha256(token), 'password')", "repository.find(call, token, 'password')"],
      ['src/auth/recovery/service.ts', 'id: sha256(token),', 'id: token,'],
    ],
  },
  {
    requirement: 70,
    off: 'links for new passkeys are kept as they are',
    test: LOST_PASSKEY,
    edits: [
      ['src/auth/lost-passkeys/service.ts', "repository.find(call, sha256(token), 'passkey')", "repository.find(call, token, 'passkey')"],
      ['src/auth/lost-passkeys/permit.ts', 'id: sha256(token),', 'id: token,'],
    ],
  },
  {
    requirement: 32,
    off: 'a process that dies after a new passkey by mail leaves everything open',
    test: LOST_PASSKEY,
    edits: [['src/auth/lost-passkeys/service.ts', 'endAccessRequested({ accountId, at: now }), ', '']],
  },
  {
    requirement: 70,
    off: 'links of sign-ups are kept as they are',
    test: ACCOUNTS_TEST,
    edits: [
      [`${ACCOUNTS}/sign-up.ts`, 'repository.findToken(call, sha256(token))', 'repository.findToken(call, token)'],
      [`${ACCOUNTS}/sign-up.ts`, 'id: sha256(token),', 'id: token,'],
    ],
  },
  {
    requirement: 70,
    off: 'links for signing in are kept as they are',
    test: BY_MAIL,
    edits: [
      [`${MAILED}/service.ts`, 'repository.findByLink(call, sha256(token))', 'repository.findByLink(call, token)'],
      [`${MAILED}/service.ts`, 'link: sha256(token),', 'link: token,'],
    ],
  },
  {
    requirement: 70,
    off: 'codes in mails are kept as they are',
    test: BY_MAIL,
    edits: [
      [`${MAILED}/service.ts`, 'code: codes.hash(id, code),', 'code,'],
      [`${MAILED}/service.ts`, 'codes.hash(id, typedDigits(typed))', 'typedDigits(typed)'],
    ],
  },
  {
    requirement: 70,
    off: 'links for new addresses are kept as they are',
    test: ADDRESS,
    edits: [
      ['src/auth/address/service.ts', 'repository.find(call, sha256(token))', 'repository.find(call, token)'],
      ['src/auth/address/service.ts', 'id: sha256(token),\n        ...(taken', 'id: token,\n        ...(taken'],
    ],
  },
  {
    requirement: 70,
    off: 'a code or link from a mail signs in any browser',
    test: BY_MAIL,
    edits: [[`${MAILED}/service.ts`, 'sha256(`${browser}\\n${interaction}`)', 'sha256(`${browser.length < 0}\\n${interaction}`)']],
  },
  {
    requirement: 70,
    off: 'a link confirms a sign-up in any browser',
    test: ACCOUNTS_TEST,
    edits: [[`${ACCOUNTS}/sign-up.ts`, 'needsPassword: !isSame', 'needsPassword: isSame && false']],
  },
  {
    requirement: 71,
    off: 'an address links that nobody has confirmed here',
    test: UPSTREAM,
    edits: [
      [
        'src/auth/upstream/service.ts',
        "    if (isOpen(account) && account.emailVerifiedAt === undefined) return { means: { is: 'unknown' }, isKnown: false }\n",
        '',
      ],
    ],
  },
  {
    requirement: 71,
    off: 'an address links that the provider has not verified',
    test: UPSTREAM,
    edits: [
      [
        'src/auth/upstream/service.ts',
        'if (arrival.email === undefined || !arrival.emailVerified) return',
        'if (arrival.email === undefined) return',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'a decoy that cannot be computed answers strangers with an error',
    test: 'src/auth/passwords/passwords.test.ts',
    edits: [['src/auth/passwords/passwords.ts', 'return isBroken || isDecoy(phc)', 'return isBroken']],
  },
  {
    requirement: 71,
    off: 'an account elsewhere is known by its subject alone',
    test: UPSTREAM,
    edits: [['src/auth/upstream/repository.ts', 'JSON.stringify([issuer, subject])', 'JSON.stringify([issuer === "", subject])']],
  },
  {
    requirement: 71,
    off: 'all accounts of an issuer are one',
    test: UPSTREAM,
    edits: [['src/auth/upstream/repository.ts', 'JSON.stringify([issuer, subject])', 'JSON.stringify([issuer, subject === ""])']],
  },
  {
    requirement: 71,
    off: 'an account elsewhere is known by its address before its subject',
    test: UPSTREAM,
    edits: [
      [
        'src/auth/upstream/service.ts',
        'if (known !== undefined) return ownedBy(',
        'if (known !== undefined && !arrival.emailVerified) return ownedBy(',
      ],
    ],
  },
  {
    requirement: 71,
    off: 'an account elsewhere is linked before the second step is proved',
    test: UPSTREAM_WHOLE,
    edits: [
      [
        'src/auth/provider/sign-in.ts',
        '    if (next !== undefined || hold) return back(',
        '    await admit(exchange, found, owner)\n    if (next !== undefined || hold) return back(',
      ],
    ],
  },
  {
    requirement: 71,
    off: 'an account elsewhere is linked before the app has let its owner in',
    test: UPSTREAM_WHOLE,
    edits: [
      [
        'src/auth/provider/engine.ts',
        '    await hooks.afterSignIn(inTheirWords, {',
        '    if (arrival !== undefined) await upstreams.settle(inTheirWords, { accountId, credential }, { arrival, by: whence(exchange) })\n    await hooks.afterSignIn(inTheirWords, {',
      ],
    ],
  },
]
