// A wall for the photos of one person, in memory mode: another origin, a token in a variable, nothing in any storage.
import { createClient, ProblemError, type Session, type Stored } from 'ninefold/client'
import { countKept } from './kept.ts'

interface PhotoFields {
  readonly caption: string
  readonly image: string
  readonly visibility: 'private' | 'public'
  readonly imageUrl?: string
}

const client = createClient({ mode: 'memory' })
const photos = client.resource<PhotoFields>('photos')
const byId = (id: string): HTMLElement => document.getElementById(id) ?? document.body

function say(title: string, lead: string): void {
  byId('title').textContent = title
  byId('lead').textContent = lead
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, ...content: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  made.append(...content)
  return made
}

function frame(photo: Stored<PhotoFields>): HTMLElement {
  const picture = element('img')
  picture.src = photo.imageUrl ?? ''
  picture.alt = photo.caption === '' ? 'A photo without a caption' : photo.caption
  const day = new Date(photo.createdAt).toLocaleDateString(undefined, { dateStyle: 'long' })
  return element('li', element('figure', picture, element('figcaption', photo.caption, element('small', day))))
}

let unfollow = (): void => {}

async function showWall({ account }: Session): Promise<void> {
  if (account === undefined) return
  const page = await photos.list({ where: { ownerId: account.id }, order: 'descending', limit: 60 })
  say(
    `The ${account.name} rooms`,
    page.items.length === 0 ? 'These walls are waiting for a first photo.' : `${page.items.length} on show tonight.`,
  )
  byId('wall').replaceChildren(...page.items.map(frame))
}

async function hang(session: Session): Promise<void> {
  unfollow()
  byId('door').hidden = session.signedIn
  byId('out').hidden = !session.signedIn
  byId('wall').replaceChildren()
  if (!session.signedIn || session.account === undefined) {
    say('Your diary, on the wall.', 'Sign in with your Pixel Diary account and see your photos hang here.')
    return
  }
  const again = (): void => void open(() => showWall(session))
  again()
  // Whatever changes in the diary hangs here a moment later.
  unfollow = photos.subscribe(
    { where: { ownerId: session.account.id } },
    { onReset: again, onChange: again, onRemove: again, onProblem: again },
  )
}

async function showKept(): Promise<void> {
  const rows = Object.entries(await countKept()).map(([name, count]) => element('div', element('dt', name), element('dd', String(count))))
  byId('kept').replaceChildren(...rows)
}

async function open(show: () => Promise<void>): Promise<void> {
  try {
    await show()
  } catch (error) {
    say('The gallery is closed', error instanceof ProblemError ? error.message : 'Something went wrong. Please reload the page.')
  }
  await showKept()
}

byId('in').addEventListener('click', () => client.signIn('/'))
byId('out').addEventListener('click', () => void client.signOut())
client.onSession((session) => void open(() => hang(session)))
void open(async () => hang(await client.session()))
