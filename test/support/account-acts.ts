// What somebody who is signed in does on the accounts pages, over HTTP.
import assert from 'node:assert/strict'
import { generate } from 'otplib'
import { SoftAuthenticator } from './authenticator.ts'
import { mailedLink, type Person, type ReachedPlatform } from './person.ts'
import type { Upstream } from './upstream.ts'
import { formsOf, type Page } from './visitor.ts'

export const onAccounts = (platform: ReachedPlatform, path: string): string => `${platform.origin('accounts')}${path}`

export async function accountIdOf(platform: ReachedPlatform, { visitor }: Person): Promise<string> {
  const reply = await visitor.request(new URL(`${platform.origin('diary')}/session`), { headers: { 'sec-fetch-site': 'same-origin' } })
  return (JSON.parse(reply.body) as { account?: { id: string } }).account?.id ?? assert.fail(reply.body)
}

/** The page that makes one, and the answer for it of a device that is new. */
export async function newPasskey(
  platform: ReachedPlatform,
  { visitor }: Person,
): Promise<{ page: Page; device: SoftAuthenticator; answer: string }> {
  const page = await visitor.visit(onAccounts(platform, '/account/passkeys/add'))
  const device = new SoftAuthenticator()
  return { page, device, answer: device.create(ceremonyOn(platform, page)) }
}

/** What a device is asked by a page. */
export function ceremonyOn(platform: ReachedPlatform, page: Page): { challenge: string; origin: string; rpId: string } {
  const challenge = /&quot;challenge&quot;:&quot;([\w-]+)&quot;/.exec(page.body)?.[1] ?? assert.fail(page.body)
  return { challenge, origin: platform.origin('accounts'), rpId: 'accounts.localhost' }
}

export async function addPasskey(platform: ReachedPlatform, person: Person, name: string): Promise<SoftAuthenticator> {
  const { page, device, answer } = await newPasskey(platform, person)
  const added = await person.visitor.submit(page, { name, answer })
  assert.equal(added.status, 200, added.body)
  return device
}

/** The key of the app, and the recovery codes that come with it. */
export async function addSecondStep(platform: ReachedPlatform, { visitor }: Person): Promise<{ key: string; codes: readonly string[] }> {
  const page = await visitor.visit(onAccounts(platform, '/account/second-step'))
  const key = (/class="key">([A-Z2-7 ]+)</.exec(page.body)?.[1] ?? assert.fail(page.body)).replaceAll(' ', '')
  const done = await visitor.submit(page, { code: await generate({ secret: key, epoch: Math.floor(Date.now() / 1000) }) })
  assert.equal(done.status, 200, done.body)
  return { key, codes: codesOn(done) }
}

export const codesOn = (page: Page): string[] => [...page.body.matchAll(/<li><code>([\w-]+)<\/code>/g)].map(([, code = '']) => code)

/** With whoever signs in at the other provider next. */
export async function linkIdentity(platform: ReachedPlatform, { visitor }: Person, club: Upstream): Promise<void> {
  const begun = await visitor.request(new URL(onAccounts(platform, '/account/identities/link/club')), { headers: { accept: 'text/html' } })
  const back = club.visit(begun.headers.location ?? assert.fail(begun.body)).location
  const page = await visitor.visit(back)
  const confirm = formsOf(page.body).find(({ action }) => action.includes('identities/connect'))
  if (confirm !== undefined) await visitor.submit(page, {})
}

/** The link that the new mailbox gets. */
export async function askForAddress(platform: ReachedPlatform, { visitor }: Person, email: string): Promise<string> {
  await visitor.submit(await visitor.visit(onAccounts(platform, '/account')), { email })
  return mailedLink(platform, email, /https?:\/\/\S+\/email\/confirm\?token=[\w-]+/)
}

export async function changeAddress(platform: ReachedPlatform, person: Person, email: string): Promise<void> {
  await followLink(person, await askForAddress(platform, person, email))
}

/** Looks at the page of a mailed link, and presses the button there. */
export async function followLink(
  { visitor }: Pick<Person, 'visitor'>,
  link: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Page> {
  return visitor.submit(await visitor.visit(link), { token: new URL(link).searchParams.get('token') ?? '', ...fields })
}

export async function makeOrganisation(platform: ReachedPlatform, { visitor }: Person, name: string): Promise<string> {
  const page = await visitor.submit(await visitor.visit(onAccounts(platform, '/account')), { organisation: name })
  return /\/account\/organisations\/(\w+)/.exec(page.url.pathname)?.[1] ?? assert.fail(page.url.href)
}

export async function inviteMember(
  platform: ReachedPlatform,
  { visitor }: Person,
  to: { organisation: string; email: string },
): Promise<void> {
  const page = await visitor.visit(onAccounts(platform, `/account/organisations/${to.organisation}`))
  const sent = await visitor.submit(page, { email: to.email })
  assert.equal(sent.status, 200, sent.body)
}
