// Who may import whom. Every rule is seeded in test/fixtures/canary; test/architecture.test.ts proves that each one bites.
const SERVERS = '(auth|resource|frontend|gateway|files|cache|database|jobs|monitoring)'
const SERVER = `^src/${SERVERS}/`

/** Every npm package has one room: the paths of `src` that may import it. A package that is not in this table may not be imported at all. */
const ROOMS_OF = {
  zod: ['^src/kernel/schema[.]ts$'],
  pino: ['^src/kernel/log[.]ts$'],
  'find-my-way': ['^src/kernel/http/'],
  'secure-json-parse': ['^src/kernel/http/'],
  'oidc-provider': ['^src/auth/'],
  '@node-rs/argon2': ['^src/auth/'],
  // Only to check hashes that other systems have made.
  '@node-rs/bcrypt': ['^src/auth/passwords/'],
  '@simplewebauthn/server': ['^src/auth/passkeys/'],
  otplib: ['^src/auth/second-factors/'],
  qr: ['^src/auth/second-factors/'],
  yazl: ['^src/auth/own-data/'],
  jose: ['^src/(auth|kernel)/'],
  'openid-client': ['^src/auth/upstream/'],
  'lru-cache': ['^src/(auth|cache|gateway|kernel)/'],
  'file-type': ['^src/files/'],
  mongodb: ['^src/database/drivers/mongodb/'],
  nodemailer: ['^src/jobs/'],
  kysely: ['^src/database/drivers/postgres/'],
  pg: ['^src/database/drivers/postgres/'],
  ws: ['^src/gateway/websocket/'],
  'csv-parse': ['^src/resource/transfer/', '^src/auth/moving/'],
  'fast-xml-parser': ['^src/resource/transfer/'],
}

const error = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to })
const outside = (rooms) => ({ path: '^src/', pathNot: [...rooms, '[.]test[.]ts$'] })
const modulesOf = (name) => `(^|/)node_modules/(${name}|@types/${name.replace('@', '').replace('/', '__')})/`
const ruleName = (name) => `room-of-${name.replace('@', '').replace('/', '-')}`

const roomRules = Object.entries(ROOMS_OF).map(([name, rooms]) =>
  error(ruleName(name), `${name} is wrapped in one place, so that it can be replaced there.`, outside(rooms), { path: modulesOf(name) }),
)

export default {
  forbidden: [
    error('no-cycles', 'A cycle has no first file to read.', {}, { circular: true }),
    error(
      'no-orphans',
      'A file that nobody imports is dead.',
      { orphan: true, path: '^src/', pathNot: ['[.](test|d)[.]ts$', '^src/main[.]ts$'] },
      {},
    ),
    error('no-unresolvable', 'An import that does not resolve escapes every other rule.', {}, { couldNotResolve: true }),
    error(
      'kernel-knows-no-server',
      'The kernel is what all servers need and none owns.',
      { path: '^src/kernel/', pathNot: '[.]test[.]ts$' },
      { path: '^src/', pathNot: '^src/kernel/' },
    ),
    error(
      'servers-meet-at-contracts',
      'Another server is reached through its contract.ts only.',
      { path: SERVER, pathNot: '[.]test[.]ts$' },
      { path: SERVER, pathNot: ['^src/$1/', '/contract[.]ts$'] },
    ),
    error(
      'servers-know-no-platform',
      'A server is given what it needs; it never reaches for the program that wires it.',
      { path: SERVER, pathNot: '[.]test[.]ts$' },
      { path: ['^src/[^/]+[.]ts$', '^src/cli/'] },
    ),
    error(
      'only-compose-wires',
      'One place decides what is local and what is remote.',
      { pathNot: ['^src/compose[.]ts$', '^(test|bench)/', '[.]test[.]ts$'] },
      { path: `${SERVER}(server|client)[.]ts$` },
    ),
    error(
      'service-knows-no-http',
      'Decisions do not depend on the wire.',
      { path: '/service[.]ts$' },
      { path: ['/routes[.]ts$', '^src/kernel/http/', '^(node:)?https?$'] },
    ),
    error('repository-is-the-floor', 'Storage decides nothing.', { path: '/repository[.]ts$' }, { path: '/(service|routes)[.]ts$' }),
    error('routes-skip-no-layer', 'Routes ask the service.', { path: '/routes[.]ts$' }, { path: '/repository[.]ts$' }),
    error(
      'contract-is-pure',
      'A contract is types, of its own schemas, other contracts and the kernel.',
      { path: `${SERVER}.*contract[.]ts$` },
      { path: '^src/', pathNot: ['/schemas[.]ts$', '/contract[.]ts$', '^src/kernel/'] },
    ),
    error(
      'drivers-stand-alone',
      'A driver implements a port and knows no other driver.',
      { path: '/drivers/([^/.]+)', pathNot: '[.]test[.]ts$' },
      { path: '/drivers/', pathNot: ['/drivers/$1[./]'] },
    ),
    ...roomRules,
    error(
      'every-package-has-one-room',
      'Give a new package its room in the table above.',
      { path: '^src/', pathNot: '[.]test[.]ts$' },
      { path: 'node_modules/', pathNot: Object.keys(ROOMS_OF).map(modulesOf) },
    ),
    error(
      'engine-internals-have-one-file',
      'What of the engine is not its public interface is reached for in one place, so that an upgrade is read there.',
      outside(['^src/auth/provider/engine-internals[.]ts$']),
      { path: 'node_modules/oidc-provider/lib/(?!provider[.]js$|index[.]js$)' },
    ),
    error(
      'requests-leave-by-one-door',
      'Addresses that others name are looked up, checked and asked in src/kernel/http/outward.ts.',
      outside(['^src/kernel/http/']),
      { path: ['^(node:)?https$', '^(node:)?dns(/promises)?$'] },
    ),
    error('room-of-node-sqlite', 'SQL lives in the database server.', outside(['^src/database/']), { path: '^(node:)?sqlite$' }),
    error(
      'src-stands-alone',
      'The platform knows no test, example or web app.',
      { path: '^src/', pathNot: '[.]test[.]ts$' },
      { path: ['[.]test[.]ts$', '^(test|bench|examples|console|client|scripts|bin)/'] },
    ),
    error(
      'examples-are-outsiders',
      'Examples import only what an app developer could.',
      { path: '^examples/' },
      { path: '^(src|client|test|bench|console)/', pathNot: ['^src/index[.]ts$', '^client/index[.]ts$'] },
    ),
    error('client-stands-alone', 'The SDK ships without the platform.', { path: '^client/' }, { path: '^(src|examples|console)/' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // Not '(^|/)dist/': half of the packages live in a folder of that name, and would escape their room.
    exclude: { path: '^(console|examples/[^/]+)/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
}
