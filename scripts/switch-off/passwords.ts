// Guessing at passwords, and finding out who has an account: requirement 69.
import type { Defence } from './defence.ts'

const ACCOUNTS_TEST = 'test/http/accounts.test.ts'
const GUARD = 'test/http/guard.test.ts'
const ACCOUNTS = 'src/auth/accounts'

export const PASSWORDS: readonly Defence[] = [
  {
    requirement: 69,
    off: 'passwords are cheap to guess',
    test: 'src/auth/passwords/passwords.test.ts',
    edits: [
      [
        'src/auth/passwords/cost.ts',
        'USUAL_COST: HashCost = { memoryKiB: 19_456, passes: 2 }',
        'USUAL_COST: HashCost = { memoryKiB: 19_456, passes: 1 }',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'an operator may make passwords cheap to guess',
    test: 'src/config.test.ts',
    edits: [['src/config.ts', '...(cheap === undefined ? [] : [cheap])', '...(cheap === undefined ? [] : [])']],
  },
  {
    requirement: 69,
    off: 'what is weaker than each pair of OWASP is taken for enough',
    test: 'src/auth/passwords/cost.test.ts',
    edits: [['src/auth/passwords/cost.ts', 'passes >= withMemory.passes) return', 'passes >= withMemory.passes - 1) return']],
  },
  {
    requirement: 69,
    off: 'the clock tells who has a hash of before the cost was changed',
    test: 'test/http/hash-cost.test.ts',
    edits: [['src/auth/moving/decoys.ts', '      await keepOwn()\n', '      void keepOwn\n']],
  },
  {
    requirement: 69,
    off: 'unknown addresses move when the cost is changed',
    test: 'test/http/hash-cost.test.ts',
    edits: [['src/auth/passwords/passwords.ts', '`${shapeOf(phc)} ${address}`', '`${hashes.length} ${phc === dummy} ${address}`']],
  },
  {
    requirement: 69,
    off: 'hashes of another cost stay as they are',
    test: 'test/http/hash-cost.test.ts',
    edits: [
      [
        'src/auth/passwords/passwords.ts',
        'isOutdated: (phc) => !phc.startsWith(prefix),',
        "isOutdated: (phc) => !phc.startsWith('$argon2id$'),",
      ],
    ],
  },
  {
    requirement: 69,
    off: 'an address is known for a hash that nobody can compute',
    test: 'test/http/broken-hash.test.ts',
    edits: [['src/auth/passwords/passwords.ts', 'const isBroken = hashProblem(phc) !== undefined', "const isBroken = phc === ''"]],
  },
  {
    requirement: 69,
    off: 'guesses need not wait',
    test: ACCOUNTS_TEST,
    edits: [[`${ACCOUNTS}/throttle.ts`, 'if (tries <= rule.free) return 0', 'if (tries <= rule.free * 1000) return 0']],
  },
  {
    requirement: 69,
    off: 'known passwords are taken',
    test: 'src/auth/passwords/filter.test.ts',
    edits: [['src/auth/passwords/policy.ts', "  if (isKnown(password)) return 'password_common'\n", '']],
  },
  ...(
    [
      ['a network', 'network === undefined ? undefined : {', "network !== '' ? undefined : {"],
      ['one password at many accounts', 'password === undefined\n          ?', "password !== ''\n          ?"],
      ['one address', "{ name: 'client', key: `client:${client}`, rule: PER_CLIENT },", ''],
      ['all together', "{ name: 'everybody', key: 'everybody', rule: EVERYBODY },", ''],
    ] as const
  ).map(([whose, from, to]): Defence => {
    return { requirement: 69, off: `tries of ${whose} are not counted`, test: GUARD, edits: [[`${ACCOUNTS}/doors.ts`, from, to]] }
  }),
  {
    requirement: 69,
    off: 'whoever is known waits with strangers',
    test: GUARD,
    edits: [[`${ACCOUNTS}/service.ts`, 'const met = known === undefined ?', "const met = known !== '' ?"]],
  },
  {
    requirement: 69,
    off: 'whoever is known waits with strangers at the second step',
    test: 'test/http/known-device.test.ts',
    edits: [['src/auth/second-factors/service.ts', 'return known?.steps === 2 ? known.name : undefined', 'return undefined']],
  },
  {
    requirement: 69,
    off: 'a browser in which a password was proved is known at the second step',
    test: 'test/http/known-device.test.ts',
    edits: [['src/auth/second-factors/service.ts', 'return known?.steps === 2 ? known.name : undefined', 'return known?.name']],
  },
  {
    requirement: 69,
    off: 'whoever has set a password by mail waits with strangers',
    test: 'test/http/known-device.test.ts',
    edits: [['src/auth/recovery/routes.ts', '    rememberOwner(exchange, parts.shared.devices, { ...owner, steps: 1 })\n', '']],
  },
  {
    requirement: 69,
    off: 'looking at a form takes room in the memory of tries',
    test: 'src/auth/guard/guard.test.ts',
    edits: [['src/auth/guard/suspicion.ts', 'await counts.seen(call, key)', 'await counts.add(call, key, { by: 0, ttlMs: 60_000 })']],
  },
  {
    requirement: 69,
    off: 'who fills the memory of tries opens doors that are closed',
    test: 'src/auth/accounts/throttle.test.ts',
    edits: [
      [
        `${ACCOUNTS}/local-counts.ts`,
        'const within = Math.min(Math.max(weight, 0), WEIGHTS - 1)',
        'const within = Math.min(Math.max(weight, 0), 0)',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'who fills the memory of tries guesses as a newcomer',
    test: 'src/auth/accounts/throttle.test.ts',
    edits: [[`${ACCOUNTS}/local-counts.ts`, "new Set(['account'])", 'new Set()']],
  },
  {
    requirement: 69,
    off: 'a browser is known no more when another one renews the hash',
    test: 'test/http/hash-cost.test.ts',
    edits: [[`${ACCOUNTS}/schemas.ts`, 'rehash.of !== sha256(password)) return', 'rehash.of !== password) return']],
  },
  {
    requirement: 69,
    off: 'who takes a way in away is a stranger where they did it',
    test: 'test/http/known-browsers.test.ts',
    edits: [
      [
        'src/auth/pages/stay-known.ts',
        'if (email !== undefined && keptAfter !== undefined) rememberDevice(exchange, keptAfter(email))',
        'void rememberDevice',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'one browser knows one account',
    test: 'test/http/known-browsers.test.ts',
    edits: [[`${ACCOUNTS}/devices.ts`, 'const MOST_MARKS = 4', 'const MOST_MARKS = 1']],
  },
  {
    requirement: 69,
    off: 'strangers use up what a known browser may send',
    test: 'test/http/gateway-limits.test.ts',
    edits: [['src/gateway/steps/admission.ts', "const own = rate === 'sign-in' &&", "const own = rate === 'probe' &&"]],
  },
  {
    requirement: 69,
    off: 'whoever says so is a known browser to the gateway',
    test: 'test/http/gateway-limits.test.ts',
    edits: [['src/kernel/http/known-browser.ts', 'return mac.isOf(`${name}.${account}`, code) ?', 'return code !== undefined ?']],
  },
  {
    requirement: 69,
    off: 'whoever is known waits with strangers for their passkey',
    test: 'test/http/known-browsers.test.ts',
    edits: [['src/auth/passkeys/service.ts', 'return browser === undefined ?', "return browser !== '' ?"]],
  },
  {
    requirement: 69,
    off: 'whoever is known waits with strangers at mailed codes',
    test: 'test/http/known-browsers.test.ts',
    edits: [['src/auth/email-sign-in/service.ts', 'return known === undefined ? `code:', 'return known !== null ? `code:']],
  },
  {
    requirement: 69,
    off: 'nothing is asked for after suspicion',
    test: GUARD,
    edits: [['src/auth/guard/suspicion.ts', 'doublings.length === 0 ? undefined', 'doublings.length >= 0 ? undefined']],
  },
  {
    requirement: 69,
    off: 'a puzzle is good in every browser',
    test: GUARD,
    edits: [['src/auth/guard/puzzle.ts', '[head, form, browser]', '[head, form]']],
  },
  {
    requirement: 69,
    off: 'a sign-in tells that nobody has the address',
    test: ACCOUNTS_TEST,
    edits: [
      [
        `${ACCOUNTS}/service.ts`,
        '      if (owner === undefined) {\n',
        '      if (owner === undefined) {\n        if (found === undefined) throw authErrors.bad_details({ fields: [] })\n',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'a sign-up tells that the address is taken',
    test: ACCOUNTS_TEST,
    edits: [
      [
        `${ACCOUNTS}/sign-up.ts`,
        '      const mayJoin = await admission.mayJoin(call, email)\n',
        "      const mayJoin = await admission.mayJoin(call, email)\n      if (known !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_same')] })\n",
      ],
    ],
  },
  {
    requirement: 69,
    off: 'who asks for a new password is told that nobody has the address',
    test: 'test/http/recovery.test.ts',
    edits: [
      [
        'src/auth/recovery/service.ts',
        '      const account = await accounts.findByEmail(call, email)\n',
        '      const account = await accounts.findByEmail(call, email)\n      if (account === undefined) throw authErrors.bad_details({ fields: [] })\n',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'whoever was in an account before the mailbox was proved keeps a way into it',
    test: 'test/http/first-proof.test.ts',
    edits: [
      ['src/auth/reclaiming.ts', '{ set, where: before }), ...removed, ...withdrawn]', '{ set, where: before }), ...withdrawn]'],
      ['src/auth/reclaiming.ts', 'reclaimedSince: since, reclaimedBy: undefined }', 'reclaimedSince: now, reclaimedBy: undefined }'],
    ],
  },
  {
    requirement: 69,
    off: 'whoever was in an account before the mailbox was proved stays signed in',
    test: 'test/http/first-proof.test.ts',
    edits: [['src/auth/pages/end-others.ts', 'if (endsOthers !== true) return', 'if (endsOthers !== undefined) return']],
  },
  {
    requirement: 69,
    off: 'who asks for a mail to sign in is told that nobody has the address',
    test: 'test/http/email-sign-in.test.ts',
    edits: [
      [
        'src/auth/email-sign-in/service.ts',
        '      const account = await accounts.findByEmail(call, email)\n',
        '      const account = await accounts.findByEmail(call, email)\n      if (account === undefined) throw authErrors.bad_details({ fields: [] })\n',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'who asks for a new passkey learns who has a role',
    test: 'test/http/lost-passkey.test.ts',
    edits: [
      [
        'src/auth/people.ts',
        '      organisations.mayHoldOneOf(call, id, forcedRoles),\n',
        '      rules.forcedBy(roles) === 1 && organisations.mayHoldOneOf(call, id, forcedRoles),\n',
      ],
    ],
  },
  {
    requirement: 69,
    off: 'the clock tells that nobody has the address',
    test: 'test/http/accounts-timing.alone.test.ts',
    edits: [
      [
        `${ACCOUNTS}/service.ts`,
        'const matches = await verify(call, password, account?.password ?? decoy)',
        'const matches = account === undefined ? decoy === password : await verify(call, password, account.password ?? decoy)',
      ],
    ],
  },
]
