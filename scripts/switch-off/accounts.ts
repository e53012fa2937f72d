// Sessions at the accounts origin, accounts, and what is told of them: requirements 66 to 73.
import { type Defence, ENGINE } from './defence.ts'

const LOGOUT = 'test/http/oauth-logout.test.ts'
const PASSKEYS = 'test/http/passkeys.test.ts'

export const ACCOUNTS: readonly Defence[] = [
  {
    requirement: 66,
    off: 'any page may send the form that signs out',
    test: LOGOUT,
    edits: [[`${ENGINE}/shared/xsrf.js`, "throw new InvalidRequest('xsrf token invalid');", '']],
  },
  {
    requirement: 66,
    off: 'people are asked though nobody is signed in',
    test: LOGOUT,
    edits: [['src/auth/provider/provider.ts', '    leaveWhenSignedOut(context)\n', '    void leaveWhenSignedOut\n']],
  },
  {
    requirement: 67,
    off: 'a logout token does not name the session',
    test: LOGOUT,
    edits: [['src/auth/provider/logout-token.ts', "  token.set('sid', sid)\n", '  void sid\n']],
  },
  {
    requirement: 66,
    off: 'people are sent on to any address',
    test: LOGOUT,
    edits: [[`${ENGINE}/models/client.js`, 'return this.#redirectAllowed(value, this.postLogoutRedirectUris);', 'return true;']],
  },
  {
    requirement: 67,
    off: 'a notice that was refused is not sent again',
    test: LOGOUT,
    edits: [['src/auth/logout/backchannel.ts', 'if (status !== 200 && status !== 204)', 'if (status < 200)']],
  },
  {
    requirement: 67,
    off: 'notices are sent to machines inside of the network',
    test: LOGOUT,
    edits: [['src/auth/logout/backchannel.ts', 'reach: { loopback: development },', 'reach: { loopback: development, everywhere: true },']],
  },
  {
    requirement: 68,
    off: 'a session keeps its id',
    test: 'test/http/step-up.test.ts',
    edits: [[`${ENGINE}/models/session.js`, '    this.oldId = this.id;\n    this.id = nanoid();\n', '']],
  },
  {
    requirement: 68,
    off: 'a session that nobody uses lives on',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [['src/auth/provider/session-limits.ts', 'Math.min(usedAt + idleDays * DAY_MS, signedInAt', 'Math.max(usedAt, signedInAt']],
  },
  {
    requirement: 68,
    off: 'a session that is used never ends',
    test: 'test/http/oauth-session-limits.test.ts',
    edits: [
      [
        'src/auth/provider/session-limits.ts',
        'Math.min(usedAt + idleDays * DAY_MS, signedInAt + limitDays * DAY_MS)',
        'Math.max(usedAt + idleDays * DAY_MS, usedAt + limitDays)',
      ],
    ],
  },
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
    off: 'guesses need not wait',
    test: 'test/http/accounts.test.ts',
    edits: [['src/auth/accounts/throttle.ts', 'if (tries <= rule.free) return 0', 'if (tries <= rule.free * 1000) return 0']],
  },
  {
    requirement: 69,
    off: 'known passwords are taken',
    test: 'src/auth/passwords/filter.test.ts',
    edits: [['src/auth/passwords/policy.ts', "  if (isKnown(password)) return 'password_common'\n", '']],
  },
  {
    requirement: 70,
    off: 'links in mails work for an hour',
    test: 'test/http/recovery.test.ts',
    edits: [['src/auth/accounts/mail-limits.ts', 'export const TOKEN_MINUTES = 15', 'export const TOKEN_MINUTES = 60']],
  },
  {
    requirement: 71,
    off: 'an address links that nobody has confirmed here',
    test: 'test/http/upstream.test.ts',
    edits: [['src/auth/upstream/service.ts', "        if (account.emailVerifiedAt === undefined) return { is: 'unknown' }\n", '']],
  },
  {
    requirement: 71,
    off: 'an address links that the provider has not verified',
    test: 'test/http/upstream.test.ts',
    edits: [
      [
        'src/auth/upstream/service.ts',
        'if (arrival.email === undefined || !arrival.emailVerified) return',
        'if (arrival.email === undefined) return',
      ],
    ],
  },
  {
    requirement: 72,
    off: 'a passkey need not verify its person',
    test: PASSKEYS,
    edits: [['src/auth/passkeys/ceremonies.ts', 'requireUserVerification: true', 'requireUserVerification: false']],
  },
  {
    requirement: 72,
    off: 'a copied passkey is not noticed',
    test: PASSKEYS,
    edits: [['src/auth/passkeys/service.ts', '(counter > 0 || known.counter > 0) && counter <= known.counter', 'counter < 0']],
  },
  {
    requirement: 72,
    off: 'a recovery code works twice',
    test: 'test/http/second-factors.test.ts',
    edits: [
      [
        'src/auth/second-factors/repository.ts',
        'unused: value.unused.filter((one) => one !== hash)',
        'unused: value.unused.filter((one) => one !== `${hash} `)',
      ],
    ],
  },
  {
    requirement: 73,
    off: 'addresses are kept as they are',
    test: 'test/e2e/blocked.test.ts',
    edits: [['src/gateway/steps/admission.ts', 'exchange.client = monitoring.pseudonym(address)', 'exchange.client = address']],
  },
  {
    requirement: 73,
    off: 'userinfo tells whatever was ever allowed',
    test: 'test/http/oauth.test.ts',
    edits: [['src/auth/provider/userinfo.ts', 'if (own !== undefined || act !== undefined)', 'if (own === null || act !== undefined)']],
  },
  {
    requirement: 73,
    off: 'every ID token has a name',
    test: 'test/http/oauth.test.ts',
    edits: [
      [
        'src/auth/provider/configuration.ts',
        "openid: ['sub', 'auth_time', 'acr', 'amr',",
        "openid: ['sub', 'name', 'auth_time', 'acr', 'amr',",
      ],
      [
        'src/auth/provider/account-claims.ts',
        "...(scopes.has('profile') ? { name, ...(language === undefined ? {} : { locale: language }) } : {}),",
        'name,',
      ],
    ],
  },
]
