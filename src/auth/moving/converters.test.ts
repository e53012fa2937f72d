// Exports of other systems, in the shapes that their documentation shows.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { hashProblem } from '../passwords/foreign.ts'
import { converters } from './converters.ts'
import { type FileFormat, type ReadRow, readRows } from './reader.ts'
import { personRow } from './schemas.ts'
import { hashConfigIn } from './systems/firebase.ts'
import type { Converted } from './systems/shared.ts'

const issuers = {}
const valid = (converted: Converted | string): Record<string, unknown> => {
  assert.ok(typeof converted === 'object', JSON.stringify(converted))
  const parsed = personRow.parse(converted.row)
  if (parsed.passwordHash !== undefined) assert.equal(hashProblem(parsed.passwordHash), undefined, parsed.passwordHash)
  return parsed
}

test('Firebase: the parameters of its hashes as its console shows them, or as JSON', () => {
  const parameters = { base64_signer_key: 'c2lnbmVy+/==', base64_salt_separator: 'Bw==', rounds: 8, mem_cost: 14 }
  const shown = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: c2lnbmVy+/==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
`
  assert.deepEqual(hashConfigIn(shown), { algorithm: 'SCRYPT', ...parameters })
  assert.deepEqual(hashConfigIn(shown.replaceAll('\n', '\r\n')), { algorithm: 'SCRYPT', ...parameters })
  assert.deepEqual(hashConfigIn(JSON.stringify(parameters)), parameters)
  for (const wrong of ['', 'hash_config {}', shown.replace('8', 'many'), shown.replace('SCRYPT', 'BCRYPT'), '{"rounds":8}'])
    assert.throws(() => hashConfigIn(wrong))
})

test('Keycloak: a user of a realm export', () => {
  const user = {
    id: '4c973896-5761-41fc-8217-07c5d13a004b',
    createdTimestamp: 1505479415590,
    username: 'ada',
    enabled: false,
    emailVerified: true,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.org',
    credentials: [
      { type: 'otp', secretData: '{"value":"x"}', credentialData: '{}' },
      {
        type: 'password',
        secretData: JSON.stringify({ value: Buffer.alloc(64, 1).toString('base64'), salt: Buffer.alloc(16, 2).toString('base64') }),
        credentialData: '{"hashIterations":210000,"algorithm":"pbkdf2-sha512","additionalParameters":{}}',
      },
    ],
    realmRoles: ['default-roles-diary', 'offline_access', 'editor'],
    groups: ['/staff/berlin'],
    federatedIdentities: [
      { identityProvider: 'google', userId: '1234', userName: 'ada@example.org' },
      { identityProvider: 'club', userId: 'c1', userName: 'ada' },
      { identityProvider: 'unknown', userId: 'x', userName: 'x' },
    ],
    requiredActions: [],
    notBefore: 0,
  }
  const row = valid(converters.keycloak(user, { issuers: { club: 'https://club.example' } }))
  assert.deepEqual(row['identities'], [
    { issuer: 'https://accounts.google.com', subject: '1234', label: 'ada@example.org' },
    { issuer: 'https://club.example', subject: 'c1', label: 'ada' },
  ])
  assert.match(String(row['passwordHash']), /^\$pbkdf2-sha512\$i=210000\$[^=]+\$[^=]+$/)
  assert.deepEqual([row['name'], row['suspended'], row['roles'], row['groups']], ['Ada Lovelace', true, ['editor'], ['staff.berlin']])
  const argon2 = {
    ...user,
    credentials: [
      {
        type: 'password',
        secretData: JSON.stringify({ value: Buffer.alloc(32, 1).toString('base64'), salt: Buffer.alloc(16, 2).toString('base64') }),
        credentialData: JSON.stringify({
          hashIterations: 5,
          algorithm: 'argon2',
          additionalParameters: { hash: ['32'], memory: ['7168'], type: ['id'], version: ['1.3'], parallelism: ['1'] },
        }),
      },
    ],
  }
  assert.match(String(valid(converters.keycloak(argon2, { issuers }))['passwordHash']), /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
  const strange = {
    ...user,
    credentials: [{ type: 'password', secretData: '{"value":"a","salt":"b"}', credentialData: '{"hashIterations":1,"algorithm":"md5"}' }],
  }
  assert.match(JSON.stringify(converters.keycloak(strange, { issuers })), /md5/)
  assert.match(JSON.stringify(converters.keycloak({ ...user, email: undefined }, { issuers })), /has no address/)
})

test('Auth0: the export of users, and that of password hashes', () => {
  const user = {
    user_id: 'google-oauth2|103547991597142817347',
    email: 'ada@example.org',
    email_verified: true,
    name: 'Ada Lovelace',
    created_at: '2022-05-01T10:00:00.000Z',
    identities: [{ provider: 'google-oauth2', user_id: '103547991597142817347', connection: 'google-oauth2', isSocial: true }],
  }
  const row = valid(converters.auth0(user, { issuers }))
  assert.deepEqual(row['identities'], [{ issuer: 'https://accounts.google.com', subject: '103547991597142817347' }])
  const hashes = {
    _id: { $oid: '60425dc43519d90068f82973' },
    email_verified: false,
    email: 'test2@example.com',
    passwordHash: '$2b$10$Z6hUTEEeoJXN5/AmSm/4.eZ75RYgFVriQM9LPhNEC7kbAbS/VAaJ2',
    password_set_date: { $date: '2021-03-05T16:35:16.775Z' },
    tenant: 'dev-rwsbs6ym',
    connection: 'Username-Password-Authentication',
    _tmp_is_unique: true,
  }
  const second = valid(converters.auth0(hashes, { issuers }))
  assert.equal(second['id'], 'auth0|60425dc43519d90068f82973')
  assert.equal(second['passwordHash'], hashes.passwordHash)
  assert.equal(second['emailVerified'], false)
})

test('Supabase: a row of auth.users, from JSON and from CSV', () => {
  const user = {
    id: '0d6b4b5e-1f0e-4a38-9e0a-0a1f0b1d1c11',
    email: 'ada@example.org',
    encrypted_password: '$2a$10$Z6hUTEEeoJXN5/AmSm/4.eZ75RYgFVriQM9LPhNEC7kbAbS/VAaJ2',
    email_confirmed_at: '2024-05-01 10:00:00.123456+00',
    created_at: '2024-05-01 09:59:00.123456+00',
    banned_until: null,
    raw_user_meta_data: { full_name: 'Ada Lovelace' },
    identities: [{ provider: 'github', provider_id: '583231', identity_data: { sub: '583231', email: 'ada@example.org' } }],
  }
  const row = valid(converters.supabase(user, { issuers }))
  assert.equal(Date.parse(String(row['createdAt'])), Date.parse('2024-05-01T09:59:00.123Z'))
  assert.deepEqual(row['identities'], [{ issuer: 'https://github.com', subject: '583231', label: 'ada@example.org' }])
  const cells = {
    ...user,
    raw_user_meta_data: JSON.stringify(user.raw_user_meta_data),
    identities: JSON.stringify(user.identities),
    banned_until: '',
  }
  assert.deepEqual(valid(converters.supabase(cells, { issuers })), row)
  assert.match(JSON.stringify(converters.supabase({ ...cells, identities: '{' }, { issuers })), /JSON/)
  assert.match(JSON.stringify(converters.supabase({ ...cells, email: '' }, { issuers })), /has no address/)
  const phone = valid(converters.supabase({ ...cells, encrypted_password: '' }, { issuers }))
  assert.equal(phone['passwordHash'], undefined)
})

test('Supabase: whoever is blocked stays so, whatever the date is, and an odd name leaves nobody behind', () => {
  const row = (more: object) =>
    valid(converters.supabase({ id: 'b0000000-0000-4000-8000-000000000001', email: 'a@example.org', ...more }, { issuers }))
  for (const until of ['infinity', '2999-01-01 00:00:00+00', '2999-01-01', '10000-01-01 00:00:00+00', 'some day'])
    assert.equal(row({ banned_until: until })['suspended'], true, until)
  for (const until of [null, '', '-infinity', '2020-05-01 10:00:00.1+00', '2020-05-01'])
    assert.equal(row({ banned_until: until })['suspended'], undefined, String(until))
  assert.equal(row({ created_at: '2020-05-01' })['createdAt'], '2020-05-01')
  for (const data of [{ name: 7 }, { name: { first: 'A' } }, [], 'text'])
    assert.equal(row({ raw_user_meta_data: JSON.stringify(data) })['name'], undefined)
  assert.equal(row({ raw_user_meta_data: { name: 7, full_name: 'Ada' } })['name'], 'Ada')
})

test('Firebase: a user of auth:export, with the parameters of its project', () => {
  const hashConfig = {
    base64_signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    base64_salt_separator: 'Bw==',
    rounds: 8,
    mem_cost: 14,
  }
  const user = {
    localId: 'aBcDeFgHiJkLmNoPqRsTuVwXyZ01',
    email: 'user1@example.org',
    emailVerified: true,
    passwordHash: 'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
    salt: '42xEC-ixf3L2lw==',
    displayName: 'User One',
    createdAt: '1486324230000',
    providerUserInfo: [{ providerId: 'google.com', rawId: '999', email: 'user1@example.org' }],
  }
  const row = valid(converters.firebase(user, { issuers, hashConfig }))
  assert.equal(row['createdAt'], 1486324230000)
  assert.ok(
    String(row['passwordHash']).endsWith(
      '$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    ),
  )
  assert.match(JSON.stringify(converters.firebase(user, { issuers })), /--hash-config/)
})

const leftOf = (converted: Converted | string): readonly string[] =>
  typeof converted === 'string' ? assert.fail(converted) : converted.left

test('identities whose issuer nobody has named are told, and ways in of the system itself are not', () => {
  const email = 'ada@example.org'
  const unnamed = [
    converters.keycloak(
      { username: 'Ada@example.org', email, federatedIdentities: [{ identityProvider: 'corp-saml', userId: '7' }] },
      { issuers },
    ),
    converters.auth0({ user_id: 'corp-saml|7', email, identities: [{ provider: 'corp-saml', user_id: '7' }] }, { issuers }),
    converters.supabase({ id: 'i', email, identities: [{ provider: 'corp-saml', provider_id: '7' }] }, { issuers }),
    converters.firebase({ localId: 'i', email, providerUserInfo: [{ providerId: 'corp-saml', rawId: '7' }] }, { issuers }),
  ]
  for (const converted of unnamed) {
    assert.equal(valid(converted)['identities'], undefined)
    assert.deepEqual(leftOf(converted), [
      `the identity of "corp-saml" was left out, since its issuer is not known: name it with --issuer 'corp-saml=<url>'`,
    ])
  }
  const providers = ['auth0', 'email', 'sms', 'corp-saml', 'google-oauth2']
  const user = { user_id: 'auth0|1', email, identities: providers.map((provider) => ({ provider, user_id: '1' })) }
  assert.equal(leftOf(converters.auth0(user, { issuers })).length, 1)
  const named = converters.auth0(user, { issuers: { 'corp-saml': '' } })
  assert.deepEqual([leftOf(named), valid(named)['identities']], [[], [{ issuer: 'https://accounts.google.com', subject: '1' }]])
  const nameless = converters.supabase({ id: 'i', email, identities: [{ provider: 'github' }, { provider: 'phone' }] }, { issuers })
  assert.deepEqual(leftOf(nameless), ['the identity of "github" was left out: the row does not say which one it is'])
  const strange = converters.firebase(
    { localId: 'i', email, providerUserInfo: [{ providerId: 'password' }, { providerId: 'phone' }] },
    { issuers },
  )
  assert.deepEqual(leftOf(strange), [])
})

test('Keycloak: the roles of a client come along under the names that they are given, and are told otherwise', () => {
  const clientRoles = { shop: ['shop-admin', 'seller', 'old'], account: ['manage-account'], broker: ['read-token'] }
  const user = { username: 'Ada@example.org', email: 'ada@example.org', realmRoles: ['editor'], clientRoles }
  const roles = new Map([
    ['shop/seller', 'seller'],
    ['shop/old', ''],
  ])
  const converted = converters.keycloak(user, { issuers, roles })
  assert.deepEqual(valid(converted)['roles'], ['editor', 'seller'])
  assert.deepEqual(leftOf(converted), [
    `the role "shop/shop-admin" of a client was left out: name it with --map-role 'shop/shop-admin=<role>' before people move in, and give it to who is in already with 'ninefold account <address> --add-role <role>'`,
  ])
})

test('what an app has noted of people is a role where somebody names it, and nothing of it goes without a word', () => {
  const email = 'ada@example.org'
  const claims = { admin: true, beta: false, role: 'editor', plan: 'gold', seats: 3 }
  const rows = {
    firebase: { localId: 'i', email, customAttributes: JSON.stringify(claims) },
    auth0: { user_id: 'auth0|1', email, app_metadata: claims },
    supabase: { id: 'i', email, raw_app_meta_data: JSON.stringify({ provider: 'email', providers: ['email'], ...claims }) },
  }
  const lost = 'what the app has noted of the person there did not come along: "plan", "seats"'
  const roles = new Map([['admin', 'operator']])
  for (const system of ['firebase', 'auth0', 'supabase'] as const) {
    const unnamed = (word: string): string =>
      `"${word}", noted of the person there, was left out: name it with --map-role '${word}=<role>' before people move in, and give it to who is in already with 'ninefold account <address> --add-role <role>'`
    const bare = converters[system](rows[system], { issuers })
    assert.deepEqual(leftOf(bare), [unnamed('admin'), unnamed('editor'), lost], system)
    assert.equal(valid(bare)['roles'], undefined, system)
    const named = converters[system](rows[system], { issuers, roles })
    assert.deepEqual(leftOf(named), [unnamed('editor'), lost], system)
    assert.deepEqual(valid(named)['roles'], ['operator'], system)
    const many = converters[system](rows[system], { issuers, roles: new Map([...roles, ['editor', '']]) })
    assert.deepEqual(leftOf(many), [lost], system)
  }
  for (const odd of ['', 'no json', '[]', '7', null]) {
    assert.deepEqual(leftOf(converters.firebase({ localId: 'i', email, customAttributes: odd }, { issuers })), [])
  }
})

test('what has no place here is named, and so is a way in that is none here', () => {
  const email = 'ada@example.org'
  const lost = (...names: string[]): string => `what has no place here did not come along: ${names.map((name) => `"${name}"`).join(', ')}`
  const way = (what: string): string => `the ${what} of there signs nobody in here: its owner signs in by the address`
  const secret = 'a value that no report has'
  const attributes = { customerNumber: [secret], locale: ['de'], empty: [] }
  const data = { full_name: 'Ada', sub: '1', email, plan: secret, none: null }
  const rows = {
    keycloak: { username: 'ada', email, attributes, clientConsents: [{ clientId: 'shop' }], notBefore: 7, totp: true },
    auth0: {
      user_id: 'auth0|1',
      email,
      nickname: 'ada',
      logins_count: 3,
      last_ip: '192.0.2.1',
      given_name: 'Ada',
      username: 'ada',
      phone_number: '+491',
      picture: secret,
      user_metadata: { plan: secret, off: false },
    },
    firebase: { localId: 'i', email, lastSignedInAt: '1', phoneNumber: '+491', photoUrl: secret },
    supabase: { id: 'i', email, aud: 'authenticated', recovery_token: 'x', phone_change: 'x', phone: '491', raw_user_meta_data: data },
  }
  const said = {
    keycloak: [way('user name'), lost('clientConsents', 'attributes.customerNumber')],
    auth0: [way('user name'), way('phone number'), lost('picture', 'user_metadata.plan')],
    firebase: [way('phone number'), lost('photoUrl')],
    supabase: [way('phone number'), lost('raw_user_meta_data.plan')],
  }
  for (const system of ['keycloak', 'auth0', 'firebase', 'supabase'] as const) {
    const converted = converters[system](rows[system], { issuers })
    assert.deepEqual(leftOf(converted), said[system], system)
    assert.doesNotMatch(JSON.stringify(converted), /a value that/, system)
  }
  const cells = { ...rows.supabase, raw_user_meta_data: JSON.stringify(data) }
  assert.deepEqual(leftOf(converters.supabase(cells, { issuers })), said.supabase, 'from CSV')
  const odd = { username: email, email, attributes: { locale: 7, customerNumber: ['1'] } }
  assert.deepEqual(leftOf(converters.keycloak(odd, { issuers })), [lost('attributes.customerNumber')])
})

test('second steps stay behind, and it is said', () => {
  const email = 'ada@example.org'
  const credentials = ['otp', 'webauthn', 'recovery-authn-codes', 'own-kind', 'password-history', 'webauthn-passwordless']
  const steps = (kinds: string): string =>
    `the second step of there (${kinds}) did not come along: there is none here until its owner sets one up anew`
  const keycloak = converters.keycloak(
    { username: 'Ada@example.org', email, credentials: credentials.map((type) => ({ type })) },
    { issuers },
  )
  assert.deepEqual(leftOf(keycloak), [
    steps('authenticator app, security key, recovery codes, own-kind'),
    'the passkeys of there did not come along: their owner adds one anew',
  ])
  const firebase = (mfaInfo: unknown) => leftOf(converters.firebase({ localId: 'i', email, mfaInfo }, { issuers }))
  assert.deepEqual(firebase([{ phoneInfo: '+1' }, { totpInfo: {} }]), [steps('phone, authenticator app')])
  assert.deepEqual(firebase([]), [])
  const auth0 = (more: object) => leftOf(converters.auth0({ user_id: 'auth0|1', email, ...more }, { issuers }))
  assert.deepEqual(auth0({ multifactor: ['guardian'] }), [steps('guardian')])
  assert.deepEqual(auth0({ mfa_factors: [{ totp: { secret: 'x' } }, { phone: {} }] }), [steps('authenticator app, phone')])
  assert.deepEqual(auth0({ multifactor: [] }), [])
  const supabase = (factors: unknown) => leftOf(converters.supabase({ id: 'i', email, factors }, { issuers }))
  const factors = [
    { factor_type: 'totp', status: 'verified' },
    { factor_type: 'phone', status: 'unverified' },
  ]
  for (const written of [factors, JSON.stringify(factors)]) assert.deepEqual(supabase(written), [steps('totp')])
  for (const none of ['', null, undefined, []]) assert.deepEqual(supabase(none), [])
})

test('Keycloak: an authenticator app comes along whose codes are those that we ask for, and no other', () => {
  const otp = (data: object, value: unknown = 'abcdefghijklmnopqrst') => ({
    type: 'otp',
    secretData: JSON.stringify({ value }),
    credentialData: JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1', ...data }),
  })
  const user = (...credentials: readonly object[]) =>
    converters.keycloak({ username: 'Ada@example.org', email: 'ada@example.org', credentials }, { issuers })
  const key = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U'
  for (const taken of [otp({}), otp({ secretEncoding: null }), otp({ secretEncoding: 'BASE32' }, key)])
    assert.deepEqual([valid(user(taken))['totpKey'], leftOf(user(taken))], [key, []])
  const others = [
    ...[{ subType: 'hotp' }, { digits: 8 }, { period: 60 }, { algorithm: 'HmacSHA256' }, { secretEncoding: 'HEX' }].map((data) =>
      otp(data),
    ),
    ...['short', 'x'.repeat(65), 7].map((value) => otp({}, value)),
    { type: 'otp', secretData: '{', credentialData: '{' },
  ]
  for (const other of others) {
    const converted = user(other)
    assert.equal(valid(converted)['totpKey'], undefined, JSON.stringify(other))
    assert.match(leftOf(converted).join(), /\(authenticator app\) did not come along: there is none here/)
  }
  const several = user(otp({ digits: 8 }), otp({}), otp({}, 'another secret of it'), { type: 'webauthn' })
  assert.equal(valid(several)['totpKey'], key)
  assert.deepEqual(leftOf(several), [
    'the second step of there (authenticator app, security key) did not come along; one authenticator app did',
  ])
})

test('Keycloak: what was still to be done is said, and the language comes along', () => {
  const user = (more: object) => converters.keycloak({ username: 'Ada@example.org', email: 'ada@example.org', ...more }, { issuers })
  const waits = ['UPDATE_PASSWORD', 'VERIFY_EMAIL']
  const told = (actions: string): string[] => [`what was to be done there at the next sign-in (${actions}) is not asked for here`]
  assert.deepEqual(leftOf(user({ requiredActions: waits, emailVerified: true })), told('UPDATE_PASSWORD, VERIFY_EMAIL'))
  assert.deepEqual(leftOf(user({ requiredActions: waits })), told('UPDATE_PASSWORD'))
  assert.deepEqual(leftOf(user({ requiredActions: ['VERIFY_EMAIL'] })), [])
  for (const [locale, language] of [
    [['de'], 'de'],
    ['pt_br', 'pt-BR'],
    [['no language'], undefined],
    [[], undefined],
    [7, undefined],
  ])
    assert.equal(valid(user({ attributes: { locale, phone: ['1'] } }))['language'], language)
  for (const attributes of [null, [], { phone: ['1'] }]) assert.equal(valid(user({ attributes }))['language'], undefined)
})

async function all(text: string, format: FileFormat, size = 7): Promise<ReadRow[]> {
  const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  const rows: ReadRow[] = []
  for await (const row of readRows(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), format)) rows.push(row)
  return rows
}

test('reads NDJSON, and tells the line of what is none', async () => {
  assert.deepEqual(await all('\ufeff{"a":1}\r\n\r\nnonsense\n{"a":2}', 'ndjson'), [
    { line: 1, value: { a: 1 } },
    { line: 3, problem: 'this is no JSON' },
    { line: 4, value: { a: 2 } },
  ])
})

test('reads the list in a JSON document, whatever is around it, one element at a time', async () => {
  const realm = {
    realm: 'users',
    roles: { realm: [{ name: 'x' }] },
    groups: [1, { users: ['no'] }],
    users: [{ a: '],"[{\\"', b: [1, { c: 2 }] }, { d: 3 }],
    clients: [{ e: 4 }],
  }
  for (const text of [JSON.stringify(realm), JSON.stringify(realm, undefined, 2)])
    for (const size of [1, 3, 1000])
      assert.deepEqual(
        (await all(text, 'json', size)).map((row) => 'value' in row && row.value),
        realm.users,
      )
  assert.deepEqual(await all('[\n{"a":1},\n{"a":bad},\n{"a":3}]', 'json'), [
    { line: 2, entry: 1, value: { a: 1 } },
    { line: 3, entry: 2, problem: 'this is no JSON' },
    { line: 4, entry: 3, value: { a: 3 } },
  ])
  assert.deepEqual(await all('[]', 'json'), [])
  assert.match(JSON.stringify(await all('{"people":[{"a":1}]}', 'json')), /no list of people.*kc\.sh export/)
  assert.match(JSON.stringify(await all('[{"a":1},{"a"', 'json')), /ends in the middle/)
})

test('reads CSV, and reads on after a row that is none', async () => {
  const rows = await all('email,name\nada@example.org,"Ada, Countess"\ngrace@example.org,too,many\nlast@example.org,Last\n', 'csv')
  assert.deepEqual(
    rows.toSorted((a, b) => a.line - b.line).map((row) => ('value' in row ? row.value : row.line)),
    [{ email: 'ada@example.org', name: 'Ada, Countess' }, 3, { email: 'last@example.org', name: 'Last' }],
  )
  assert.deepEqual(
    converters.ninefold(
      {
        email: 'a@b.example',
        emailVerified: 'true',
        roles: 'a b',
        issuer: 'https://i',
        subject: 's',
        name: '',
        staysBehind: 'passkeys other-app',
      },
      { issuers },
    ),
    {
      row: {
        email: 'a@b.example',
        emailVerified: true,
        roles: ['a', 'b'],
        identities: [{ issuer: 'https://i', subject: 's' }],
        staysBehind: ['passkeys', 'other-app'],
      },
      left: [],
    },
  )
})
