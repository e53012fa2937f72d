// The public page of a person, rendered on the server: no script, so that it is quick to read everywhere and a form is only a form.
import { type Html, html, type ResourceObject, type ViewContext, type ViewDefinition, type ViewResult, view, z } from 'ninefold'

const NEWEST = { order: 'descending', limit: 60 } as const
const commentForm = z.object({ text: z.string().trim().min(1, 'Write something first').max(500, 'At most 500 characters, please') })

interface Draft {
  readonly text: string
  readonly problem?: string
}

/** Signs in and comes back with the words in the form again, ready to be sent. */
function signInWith(accountId: string, text: string): string {
  const returnTo = `/people/${accountId}?draft=${encodeURIComponent(text)}`
  return `/session/sign-in?return_to=${encodeURIComponent(returnTo)}`
}

export function peoplePages(accounts: string): readonly ViewDefinition[] {
  return [
    view({ method: 'GET', path: '/people/:accountId', who: 'anyone', render: (context) => personPage(context, accounts) }),
    view({
      method: 'POST',
      path: '/people/:accountId/comments',
      // Open to anyone, so that people whose session ended while they wrote keep their words; the data API lets signed-in people write only.
      who: 'anyone',
      form: commentForm,
      async render({ call, params, form, resources, profile }) {
        const person = await profile(params['accountId'] ?? '')
        if (person === undefined) return { redirect: '/' }
        if (call.principal.kind !== 'user') return { redirect: signInWith(person.accountId, form.text) }
        await resources.create(call, 'comments', { profileId: person.accountId, text: form.text })
        return { redirect: `/people/${person.accountId}#comments` }
      },
      invalid: (context) => {
        const draft = { text: context.form.values['text'] ?? '', problem: context.form.problems[0]?.message ?? 'That did not work' }
        return personPage(context, accounts, draft)
      },
    }),
  ]
}

async function personPage(
  context: ViewContext,
  accounts: string,
  draft: Draft = { text: context.query['draft'] ?? '' },
): Promise<ViewResult> {
  const { call, params, resources, profile } = context
  const person = await profile(params['accountId'] ?? '')
  if (person === undefined) return { status: 404, html: layout(context, 'Nobody here', nobody()) }
  const [shown, said] = await Promise.all([
    resources.list(call, 'photos', { where: { ownerId: person.accountId, visibility: 'public' }, ...NEWEST }),
    resources.list(call, 'comments', { where: { profileId: person.accountId }, ...NEWEST }),
  ])
  const names = await namesOf(context, said.items)
  const own = call.principal.kind === 'user' && call.principal.accountId === person.accountId
  const body = html`
<header class="person">
  <span class="portrait" aria-hidden="true">${initialOf(person.name)}</span>
  <div><h1>${person.name}</h1><p>${countOf(shown.items.length, 'public photo')} &middot; ${countOf(said.items.length, 'comment')}</p></div>
</header>
${own ? html`<p class="notice">This is how others see you. <a href="/">Back to your diary</a> &middot; <a href="${accounts}/account">Your account</a></p>` : ''}
<section aria-label="Photos">${shown.items.length === 0 ? emptyWall(person.name) : html`<ul class="wall">${shown.items.map(photoItem)}</ul>`}</section>
<section id="comments" aria-labelledby="comments-title">
  <h2 id="comments-title">Comments</h2>
  ${commentFormOf(context, person.accountId, draft)}
  ${said.items.length === 0 ? html`<p class="quiet">No comments yet.</p>` : html`<ol class="comments">${said.items.map((comment) => commentItem(comment, names))}</ol>`}
</section>`
  return { status: draft.problem === undefined ? 200 : 422, html: layout(context, person.name, body) }
}

async function namesOf({ profile }: ViewContext, written: readonly ResourceObject[]): Promise<ReadonlyMap<string, string>> {
  const writers = [...new Set(written.map((comment) => comment.ownerId))]
  return new Map(await Promise.all(writers.map(async (id) => [id, (await profile(id))?.name ?? 'Somebody'] as const)))
}

function photoItem(photo: ResourceObject): Html {
  const caption = textOf(photo['caption'])
  return html`<li><figure>
  <img src="${textOf(photo['imageUrl'])}" alt="${caption === '' ? 'A photo without a caption' : caption}" loading="lazy" decoding="async">
  <figcaption>${caption === '' ? '' : html`<span>${caption}</span> `}${dateOf(photo.createdAt)}</figcaption>
</figure></li>`
}

function commentItem(comment: ResourceObject, names: ReadonlyMap<string, string>): Html {
  const name = names.get(comment.ownerId) ?? 'Somebody'
  return html`<li><p class="by"><a href="/people/${comment.ownerId}">${name}</a> ${dateOf(comment.createdAt)}</p><p>${textOf(comment['text'])}</p></li>`
}

function commentFormOf(context: ViewContext, accountId: string, { text, problem }: Draft): Html {
  if (context.call.principal.kind !== 'user') {
    return html`<p class="invite"><a class="button" href="${context.signInPath}">Sign in to comment</a></p>`
  }
  const marks = problem === undefined ? '' : html`aria-invalid="true" aria-describedby="problem"`
  return html`<form method="post" action="/people/${accountId}/comments" class="say">${context.csrfField()}
  <label for="text">Say something kind</label>
  <textarea id="text" name="text" rows="3" maxlength="500" required ${marks}>${text.slice(0, 500)}</textarea>
  ${problem === undefined ? '' : html`<p id="problem" class="problem" role="alert">${problem}</p>`}
  <button>Send comment</button>
</form>`
}

function emptyWall(name: string): Html {
  return html`<p class="empty">${name} has not shared a photo yet.</p>`
}

function nobody(): Html {
  return html`<header class="person"><h1>Nobody here</h1></header><p class="empty">There is no public page at this address. <a href="/">To Pixel Diary</a></p>`
}

function layout({ nonce }: ViewContext, title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - Pixel Diary</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/people.css" nonce="${nonce()}">
</head>
<body>
<nav><a class="brand" href="/"><img src="/favicon.svg" alt="" width="28" height="28">Pixel Diary</a></nav>
<main>${body}</main>
<footer><a href="/">Keep a diary of your own</a></footer>
</body>
</html>`
}

function dateOf(iso: string): Html {
  const text = new Date(iso).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' })
  return html`<time datetime="${iso}">${text}</time>`
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function initialOf(name: string): string {
  return name.trim().charAt(0).toUpperCase()
}
