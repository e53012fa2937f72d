// A person with an account, made the way people make one: sign-up form, mail, confirmation, sign-in form.
import assert from 'node:assert/strict'
import type { PlatformProcess } from './platform.ts'
import { type Page, Visitor } from './visitor.ts'

export const PASSWORD = 'correct horse battery staple'

/** In a process of its own, or in this one. */
export type ReachedPlatform = Pick<PlatformProcess, 'port' | 'origin' | 'mails'>

export interface Person {
  readonly visitor: Visitor
  readonly email: string
}

/** Signs up and confirms the address from the mail. */
export async function signUp(
  platform: ReachedPlatform,
  email: string,
  { password = PASSWORD, address }: { readonly password?: string; readonly address?: string } = {},
): Promise<Person> {
  const visitor = new Visitor(platform.port, address)
  const form = await visitor.visit(`${platform.origin('accounts')}/sign-up`)
  const sent = await visitor.submit(form, { email, name: email.split('@')[0] ?? email, password })
  assert.equal(sent.status, 200, sent.body)
  const link = await mailedLink(platform, email, /https?:\/\/\S+\/confirm\?token=[\w-]+/)
  const confirm = await visitor.visit(link)
  const done = await visitor.submit(confirm, { token: new URL(link).searchParams.get('token') ?? '' })
  assert.equal(done.status, 200, done.body)
  return { visitor, email }
}

/** Waits until a mail to this address has a link of this shape. */
export async function mailedLink(platform: ReachedPlatform, email: string, pattern: RegExp): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    for (const mail of await platform.mails(email)) {
      const link = pattern.exec(mail.text)?.[0]
      if (link !== undefined) return link
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`No mail to ${email} came with ${pattern}`)
}

/** Signs in to the first frontend, in cookie mode; the visitor holds its cookies afterwards. */
export async function signIn(platform: ReachedPlatform, person: Person, password = PASSWORD): Promise<Page> {
  const page = await person.visitor.visit(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  return person.visitor.submit(page, { email: person.email, password })
}

/** The token for the `X-CSRF-Token` header, and whether the session is signed in. */
export async function session(
  platform: ReachedPlatform,
  visitor: Visitor,
  label = 'diary',
): Promise<{ signedIn: boolean; csrfToken: string }> {
  const page = await visitor.request(new URL(`${platform.origin(label)}/session`), { headers: { 'sec-fetch-site': 'same-origin' } })
  assert.equal(page.status, 200, page.body)
  return JSON.parse(page.body) as { signedIn: boolean; csrfToken: string }
}
