// The other route, that nothing of the authorization server should slow down: a signed-in get.
import { session, signIn, signUp } from '../../test/support/person.ts'
import type { PlatformProcess } from '../../test/support/platform.ts'
import { requestBytes } from '../load.ts'
import { hostOf } from './subject.ts'

/** The request of a new person for an object of theirs, with the cookies that a browser sends there. */
export async function signedInGet(platform: PlatformProcess): Promise<Buffer> {
  const person = await signUp(platform, 'reader@example.com')
  await signIn(platform, person)
  const { csrfToken } = await session(platform, person.visitor)
  const host = hostOf(platform, 'diary')
  const created = await person.visitor.request(new URL(`${platform.origin('diary')}/api/comments`), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-csrf-token': csrfToken,
      'sec-fetch-site': 'same-origin',
      origin: platform.origin('diary'),
    },
    body: JSON.stringify({ profileId: 'bench', text: 'A comment of ordinary length.' }),
  })
  const { id } = JSON.parse(created.body) as { id: string }
  const cookie = person.visitor.jar(host).header()
  return requestBytes(`GET /api/comments/${id}`, { host, cookie: cookie.replace(/__Secure-refresh=[^;]*;? ?/, '') })
}
