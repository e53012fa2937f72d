// The first proof of a mailbox on the whole platform: whoever had the account is out, and its owner, who comes in within the same second, stays in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { accountsCollection } from '../../src/auth/accounts/repository.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { until } from '../support/until.ts'
import { Visitor } from '../support/visitor.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

const call = systemCall('first-proof-session-test')
let platform: WholePlatform

before(async () => {
  platform = await wholePlatform(() => ({
    name: 'Aviary',
    scopes: {},
    resources: [],
    frontends: [{ name: 'diary', title: 'Aviary', mode: 'cookie', scopes: [], folder: import.meta.dirname }],
    auth: { methods: { emailCode: true } },
  }))
  await platform.start()
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
})

/** With what the gateway asks about at each request: a token that counts as ended would end the session. */
const isIn = async ({ visitor }: Person): Promise<boolean> => (await session(platform, visitor)).signedIn

test('requirement 69: the owner of a mailbox that nobody had confirmed comes in by its code, stays in, and whoever was in is not', async () => {
  const email = 'first@example.org'
  const somebody = await signUp(platform, email)
  await signIn(platform, somebody)
  assert.equal(await isIn(somebody), true)
  const accounts = platform.running().database.collection(accountsCollection)
  const found = (await accounts.getByKey(call, 'email', { email }))?.value ?? assert.fail()
  await accounts.update(call, found.id, { set: { emailVerifiedAt: undefined } })
  const owner = { email, visitor: new Visitor(platform.port) }
  const page = await owner.visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  const asking = await owner.visitor.visit(
    new URL(/href="(\/interaction\/[^"/]+\/email)"/.exec(page.body)?.[1] ?? assert.fail(page.body), page.url),
  )
  const waiting = await owner.visitor.submit(asking, { email })
  const code = await until('the mail', async () =>
    (await platform.mails(email)).map(({ text }) => /\b\d{4} \d{4}\b/.exec(text)?.[0]).find((one) => one !== undefined),
  )
  await owner.visitor.submit(waiting, { code })
  assert.equal(await isIn(owner), true)
  assert.equal(await isIn(somebody), false)
  const account = (await accounts.get(call, found.id))?.value
  assert.deepEqual([account?.password, account?.reclaimedSince, account?.emailVerifiedAt === undefined], [undefined, undefined, false])
  // The job of the proof has come by then.
  platform.advance(90_000)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  assert.equal(await isIn(owner), true)
})
