// Sessions of frontends: requirements 55 to 65.
import type { Defence } from './defence.ts'

const SESSION = 'test/http/session.test.ts'
const OWN_CLIENT = 'src/gateway/session/relying-party.ts'
const CSRF = 'test/http/csrf.test.ts'
const ORIGIN = 'src/gateway/csrf/origin.ts'

export const BROWSERS: readonly Defence[] = [
  {
    requirement: 55,
    off: 'a frontend is a public client',
    test: SESSION,
    edits: [[OWN_CLIENT, '${inForm(clientId)}:${inForm(secret)}', '${inForm(clientId)}:']],
  },
  ...(
    [
      ['a frontend takes answers of any issuer', "one('iss') !== issuer", "one('iss') === undefined"],
      ['a frontend takes an answer with an error for one without', 'if (error !== undefined)', "if (error === 'access_denied')"],
      ['a frontend takes ID tokens of any issuer', 'if (iss !== issuer)', 'if (iss === undefined)'],
      ['a frontend takes ID tokens for others', 'some((one) => one !== clientId)', 'every((one) => one !== clientId)'],
      ['a frontend takes ID tokens of any time', 'if (!isTimely(times))', "if (!isTimely(times) && nonce === '')"],
      ['a frontend takes ID tokens from the future', ' && iat <= now + CLOCK_TOLERANCE_SECONDS', ' && iat !== 0'],
      ['a frontend takes ID tokens of another sign-in', 'told !== nonce', 'told === ""'],
    ] as const
  ).map(([off, from, to]): Defence => ({ requirement: 55, off, test: SESSION, edits: [[OWN_CLIENT, from, to]] })),
  {
    requirement: 62,
    off: 'a frontend takes an outage for the end of a session',
    test: SESSION,
    edits: [[OWN_CLIENT, "error === 'invalid_grant' && status < 500", "error === 'invalid_grant'"]],
  },
  {
    requirement: 55,
    off: 'a frontend takes tokens of two accounts',
    test: SESSION,
    edits: [['src/gateway/session/service.ts', 'if (verified.principal.accountId !== accountId)', 'if (accountId === undefined)']],
  },
  {
    requirement: 55,
    off: 'a frontend takes tokens of any type',
    test: SESSION,
    edits: [['src/gateway/session/schemas.ts', 'z.string().regex(/^bearer$/i)', 'z.string()']],
  },
  {
    requirement: 56,
    off: 'scripts read cookies',
    test: SESSION,
    edits: [
      ['src/kernel/http/cookie.ts', "attributes.httpOnly === false ? '' : '; HttpOnly'", "attributes.httpOnly === undefined ? '' : ''"],
    ],
  },
  {
    requirement: 56,
    off: 'session cookies are sent along from other sites',
    test: SESSION,
    edits: [
      [
        'src/gateway/session/cookies.ts',
        "serialiseCookie(ACCESS_COOKIE, value, { maxAgeSeconds, sameSite: 'Strict' })",
        "serialiseCookie(ACCESS_COOKIE, value, { maxAgeSeconds, sameSite: 'Lax' })",
      ],
    ],
  },
  {
    requirement: 56,
    off: 'cookies are sent in the clear',
    test: SESSION,
    edits: [['src/kernel/http/cookie.ts', '; Secure${script}', '${script}']],
  },
  {
    requirement: 57,
    off: 'cookies can be read',
    test: SESSION,
    edits: [
      [
        'src/gateway/session/sealed-cookies.ts',
        'sealJwe(JSON.stringify(value), newest)',
        "`${sealJwe('', newest).split('.')[0]}..${Buffer.from(JSON.stringify(value)).toString('base64url')}..`",
      ],
    ],
  },
  {
    requirement: 57,
    off: 'a cookie is good on other frontends',
    test: SESSION,
    edits: [['src/gateway/steps/identity.ts', 'cookie?.origin === exchange.origin', 'cookie !== undefined']],
  },
  {
    requirement: 58,
    off: 'nothing is asked of requests that change something',
    test: CSRF,
    edits: [
      [
        'src/gateway/steps/protection.ts',
        'return !SAFE_METHODS.has(exchange.method) &&',
        "return exchange.method === 'PATCH' && !SAFE_METHODS.has(exchange.method) &&",
      ],
    ],
  },
  {
    requirement: 58,
    off: 'a sign-in without a cookie needs neither layer',
    test: CSRF,
    edits: [
      [
        'src/gateway/steps/protection.ts',
        "if (provenance === 'unknown' && exchange.cookies.size === 0 && route.rate !== 'sign-in') return",
        "if (provenance === 'unknown' && exchange.cookies.size === 0) return",
      ],
      [
        'src/gateway/steps/protection.ts',
        "    if (exchange.cookies.size === 0 && route.rate !== 'sign-in') return",
        '    if (exchange.cookies.size === 0) return',
      ],
    ],
  },
  {
    requirement: 59,
    off: 'Sec-Fetch-Site is not looked at',
    test: CSRF,
    edits: [
      [
        ORIGIN,
        "if (site !== undefined) return site === 'same-origin' ? 'same-origin' : 'foreign'",
        "if (site !== undefined) return 'same-origin'",
      ],
    ],
  },
  {
    requirement: 59,
    off: 'Origin is not looked at',
    test: CSRF,
    edits: [[ORIGIN, "  if (origin !== undefined && origin !== ownOrigin) return 'foreign'\n", '']],
  },
  {
    requirement: 59,
    off: 'any token will do',
    test: CSRF,
    edits: [
      [
        'src/gateway/csrf/token.ts',
        'return mac.isOf(signed(binding, random), proof)',
        "return mac.isOf(signed(binding, random), proof) || proof !== ''",
      ],
    ],
  },
  {
    requirement: 59,
    off: 'a token is good for every session',
    test: CSRF,
    edits: [['src/gateway/csrf/token.ts', '`${binding.length}!${binding}!', '`${binding.length > 0}!']],
  },
  {
    requirement: 60,
    off: 'handlers get the cookies of sessions',
    test: 'test/http/gateway-passing-on.test.ts',
    edits: [['src/gateway/pipeline.ts', "    step('credentials', keepCredentials),\n", '']],
  },
  {
    requirement: 60,
    off: 'every host is ours',
    test: 'test/http/gateway-passing-on.test.ts',
    edits: [
      [
        'src/gateway/steps/admission.ts',
        'const host = hosts.find(header)',
        "const host = hosts.find(header) ?? hosts.find('diary.localhost:4999')",
      ],
    ],
  },
  {
    requirement: 61,
    off: 'any page may ask for the token',
    test: SESSION,
    edits: [
      [
        'src/gateway/steps/protection.ts',
        'return !SAFE_METHODS.has(exchange.method) &&',
        "return exchange.method === 'PATCH' && !SAFE_METHODS.has(exchange.method) &&",
      ],
    ],
  },
  {
    requirement: 62,
    off: 'a refresh makes the cookies live anew',
    test: SESSION,
    edits: [
      [
        'src/gateway/session/service.ts',
        'const left = since + sessionSeconds - Math.floor(clock.now() / 1000)',
        'const left = sessionSeconds',
      ],
    ],
  },
  {
    requirement: 62,
    off: 'a dead refresh leaves its cookies',
    test: SESSION,
    edits: [['src/gateway/session/routes.ts', "headers: { ...headers, 'set-cookie': clearSession() } }", 'headers: { ...headers } }']],
  },
  {
    requirement: 63,
    off: 'the SDK keeps its token',
    test: 'client/client.test.ts',
    edits: [
      [
        'client/state.ts',
        '    this.#accessToken = accessToken\n',
        "    this.#accessToken = accessToken\n    globalThis.sessionStorage?.setItem('token', String(accessToken))\n",
      ],
    ],
  },
  {
    requirement: 64,
    off: 'scripts use tokens of other clients',
    test: 'test/http/gateway-sharing.test.ts',
    edits: [
      [
        'src/gateway/steps/cors.ts',
        'if (!isShared(exchange) || origins.belongsTo(origin, exchange.principal.clientId)) return',
        'if (!isShared(exchange) || origins.has(origin)) return',
      ],
    ],
  },
  {
    requirement: 64,
    off: 'pages without an origin are known',
    test: 'test/http/gateway-sharing.test.ts',
    edits: [
      ['src/gateway/client-origins.ts', "if (origin === 'null' || !URL.canParse(origin) || new URL(origin).origin !== origin) return", ''],
    ],
  },
  {
    requirement: 65,
    off: 'sites may share an origin',
    test: 'test/http/gateway-lifecycle.test.ts',
    edits: [['src/gateway/hosts.ts', 'if (other !== undefined) problems.push(', "if (other === '') problems.push("]],
  },
  {
    requirement: 65,
    off: 'content of people is no sandbox',
    test: 'test/http/gateway-headers.test.ts',
    edits: [['src/gateway/headers.ts', "default-src 'none'; sandbox; base-uri", "default-src 'none'; base-uri"]],
  },
]
