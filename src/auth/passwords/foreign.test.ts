// Hashes as other systems store them: the vectors are those of specifications and of the systems' own documentation, where there are some.
import assert from 'node:assert/strict'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { test } from 'node:test'
import { verify as verifyArgon2 } from '@node-rs/argon2'
import { decoyOf, hashProblem, parseHash, shapeOf, verifyForeign } from './foreign.ts'

const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

const vectors: readonly { readonly from: string; readonly password: string; readonly hash: string }[] = [
  { from: 'crypt_blowfish', password: 'U*U', hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' },
  { from: 'crypt_blowfish', password: 'U*U*U', hash: '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a' },
  {
    from: 'RFC 7914 section 12',
    password: 'pleaseletmein',
    hash: `$scrypt$ln=14,r=8,p=1$${bare(Buffer.from('SodiumChloride'))}$${bare(
      Buffer.from(
        '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
        'hex',
      ),
    )}`,
  },
  {
    from: 'RFC 7914 section 11',
    password: 'Password',
    hash: `$pbkdf2-sha256$i=80000$${bare(Buffer.from('NaCl'))}$${bare(
      Buffer.from(
        '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
        'hex',
      ),
    )}`,
  },
  {
    from: 'RFC 6070',
    password: 'password',
    hash: `$pbkdf2-sha1$i=4096$${bare(Buffer.from('salt'))}$${bare(Buffer.from('4b007901b765489abead49d926f721d065a429c1', 'hex'))}`,
  },
  {
    from: 'the README of github.com/firebase/scrypt',
    password: 'user1password',
    hash: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  },
]

for (const [index, { from, password, hash }] of vectors.entries()) {
  test(`checks the hash of ${from} (${index})`, async () => {
    assert.equal(hashProblem(hash), undefined)
    assert.equal(await verifyForeign(password, hash), true)
    assert.equal(await verifyForeign(`${password}x`, hash), false)
    assert.equal(await verifyForeign('', hash), false)
  })
}

test('a decoy costs the same and fits no password', async () => {
  for (const { password, hash } of vectors) {
    const decoy = decoyOf(hash)
    assert.equal(hashProblem(decoy), undefined, decoy)
    assert.notEqual(decoy, hash)
    assert.equal(shapeOf(decoy), shapeOf(hash))
    assert.equal(await verifyForeign(password, decoy), false)
  }
  // test.c of the reference implementation of Argon2.
  const references = [
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ]
  for (const phc of references) {
    assert.equal(hashProblem(phc), undefined, phc)
    assert.equal(await verifyArgon2(phc, 'password'), true)
    assert.equal(hashProblem(decoyOf(phc)), undefined)
    assert.equal(await verifyArgon2(decoyOf(phc), 'password'), false)
    assert.equal(shapeOf(decoyOf(phc)), shapeOf(phc))
  }
})

test('refuses forms that it does not know, and costs that are a weapon', () => {
  const salt = bare(Buffer.from('0123456789abcdef'))
  const digest = bare(Buffer.alloc(32, 1))
  const refused = [
    '',
    'password',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
    '$2x$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    `$scrypt$ln=40,r=8,p=1$${salt}$${digest}`,
    `$scrypt$ln=20,r=100,p=1$${salt}$${digest}`,
    `$pbkdf2-sha256$i=99999999$${salt}$${digest}`,
    `$pbkdf2-sha256$i=0$${salt}$${digest}`,
    `$pbkdf2-md5$i=1000$${salt}$${digest}`,
    `$argon2id$v=19$m=99999999,t=2,p=1$${salt}$${digest}`,
    `$argon2id$v=19$m=19456,t=0,p=1$${salt}$${digest}`,
  ]
  for (const text of refused) {
    const problem = hashProblem(text)
    assert.ok(problem, text)
    assert.ok(!text.startsWith('$') || !problem.includes(text), 'the hash is not quoted')
  }
  assert.equal(parseHash('$2x$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'), undefined)
})

test('whatever is accepted can be computed, and so can its decoy', async () => {
  const salt = bare(Buffer.alloc(16, 7))
  const digest = bare(Buffer.alloc(32, 7))
  const argon2 = (costs: string, ends = `${salt}$${digest}`) => `$argon2id$v=19$${costs}$${ends}`
  const hashes = [
    ...[1, 2, 4, 16].flatMap((lanes) => [-1, 0, 1].map((more) => argon2(`m=${8 * lanes + more},t=1,p=${lanes}`))),
    ...['m=064,t=1,p=1', 'm=64,t=01,p=1', 'm=64,t=1,p=01'].map((costs) => argon2(costs)),
    ...[1, 4, 8, 9, 16, 48, 64, 65].map((length) => argon2('m=64,t=1,p=1', `${bare(Buffer.alloc(length, 7))}$${digest}`)),
    ...[4, 11, 12, 20, 64, 129, 130].map((length) => argon2('m=64,t=1,p=1', `${salt}$${bare(Buffer.alloc(length, 7))}`)),
    // No bytes have these texts.
    ...[`${'B'.repeat(22)}$${digest}`, `${'A'.repeat(21)}$${digest}`, `${salt}$${'B'.repeat(43)}`].map((ends) =>
      argon2('m=64,t=1,p=1', ends),
    ),
    ...['ln=1,r=8,p=1', 'ln=1,r=1,p=16', 'ln=15,r=1,p=1', 'ln=16,r=1,p=1', 'ln=17,r=1,p=1', 'ln=16,r=2,p=1', 'ln=1,r=999,p=16'].map(
      (costs) => `$scrypt$${costs}$${salt}$${digest}`,
    ),
    `$scrypt$ln=10,r=8,p=1$$${digest}`,
    `$pbkdf2-sha1$i=1$$${digest}`,
    '$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    ...[0, 1, 10].map((n) => `$fbscrypt$v=1,n=${n},r=8,p=1,ss=Bw==,sk=${'A'.repeat(40)}$$${'A'.repeat(40)}`),
  ]
  const compute = (hash: string) => (hash.startsWith('$argon2') ? verifyArgon2(hash, 'x') : verifyForeign('x', hash))
  let accepted = 0
  for (const hash of hashes.filter((one) => hashProblem(one) === undefined)) {
    accepted += 1
    assert.equal(await compute(hash), false, hash)
    assert.equal(await compute(decoyOf(hash)), false, decoyOf(hash))
  }
  assert.equal(accepted, 26)
  assert.match(hashProblem(argon2('m=8,t=1,p=16')) ?? '', /less memory \(m\) than the 8 KiB that each of its lanes/)
  assert.match(hashProblem(`$scrypt$ln=16,r=1,p=1$${salt}$${digest}`) ?? '', /block size/)
})

test('takes a password as its bytes, whatever its letters and its length', async () => {
  const password = 'p\u00e4ssw\u00f6rt \ud83d\ude00 '.repeat(20)
  const salt = Buffer.from('0123456789abcdef')
  const derived = pbkdf2Sync(password, salt, 1000, 64, 'sha512')
  assert.equal(await verifyForeign(password, `$pbkdf2-sha512$i=1000,l=64$${bare(salt)}$${bare(derived)}`), true)
  const key = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 2 })
  assert.equal(await verifyForeign(password, `$scrypt$ln=10,r=8,p=2$${bare(salt)}$${bare(key)}`), true)
})
