// On the whole platform: strangers who share a client address with somebody do not keep them out of a browser in which they were signed in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PASSWORD, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { Visitor } from '../support/visitor.ts'

const ADDRESS = '203.0.113.9'
let platform: PlatformProcess

before(async () => {
  platform = await startPlatform({ environment: { NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' } })
})
after(() => platform.stop({ remove: true }))

test('requirement 69: who was here before signs in while neighbours use up what their address may send', async () => {
  const accounts = platform.origin('accounts')
  const ada = await signUp(platform, 'ada@example.com', { address: ADDRESS })
  await signIn(platform, ada)
  const signedOut = await ada.visitor.press(await ada.visitor.visit(`${accounts}/account`), /sign-out$/)
  assert.equal(signedOut.url.pathname, '/signed-out')
  const neighbour = new Visitor(platform.port, ADDRESS)
  const send = async (): Promise<number> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: accounts, 'sec-fetch-site': 'same-origin' }
    const page = await neighbour.request(new URL(`${accounts}/interaction/x/sign-in`), { method: 'POST', headers, body: 'email=a' })
    return page.status
  }
  // Until they have no more, and all the time after that: what comes back is gone at once.
  while ((await send()) !== 429);
  let isDone = false
  const goesOn = (async () => {
    while (!isDone) await send()
  })()
  try {
    const form = await ada.visitor.visit(`${accounts}/account`)
    const again = await ada.visitor.submit(form, { email: ada.email, password: PASSWORD })
    assert.equal(again.status, 200, again.body)
    assert.equal(again.url.pathname, '/account')
  } finally {
    isDone = true
    await goesOn
  }
})
