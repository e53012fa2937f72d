// The reference of the API as a page to read, made from its OpenAPI document. Nothing here comes from people who use the app.
import { type Html, html, trustedHtml } from '#kernel/html.ts'
import { fieldItem, fieldList, type Json, listOf, recordOf, refName, textOf, words } from './fields.ts'
import { referenceStyle } from './style.ts'

interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly about: Json
}

interface Reader {
  readonly document: Json
  /** What a reference refers to, and anything else as it is. */
  at(value: unknown): Json
}

/** Made once; each answer puts its own nonce in. */
export function referencePage(document: unknown): (nonce: string) => Html {
  const reader = readerOf(recordOf(document))
  const title = textOf(recordOf(reader.document['info'])['title'])
  const operations = operationsOf(reader)
  const tags = listOf(reader.document['tags']).map((tag) => textOf(recordOf(tag)['name']))
  const content = html`<a class="skip" href="#main">To the reference</a>
<div class="band"></div>
<div class="frame">
${sidebar(title, tags, operations)}
<main id="main">
${introduction(reader, title)}
${tags.map((tag) =>
  tagSection(
    reader,
    tag,
    operations.filter((operation) => operation.tag === tag),
  ),
)}
${schemaSection(reader)}
<footer><p>Made from <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1), which is made from the definitions that serve the API.</p></footer>
</main>
</div>`
  return (nonce) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style nonce="${nonce}">${trustedHtml(referenceStyle)}</style>
</head>
<body>
${content}
</body>
</html>
`
}

function readerOf(document: Json): Reader {
  return {
    document,
    at(value) {
      const pointer = textOf(recordOf(value)['$ref'])
      if (pointer === '') return recordOf(value)
      return recordOf(
        pointer
          .slice(2)
          .split('/')
          .reduce<unknown>((found, step) => recordOf(found)[step], document),
      )
    },
  }
}

function operationsOf({ document }: Reader): Operation[] {
  return Object.entries(recordOf(document['paths'])).flatMap(([path, methods]) =>
    Object.entries(recordOf(methods)).map(([method, value]) => {
      const about = recordOf(value)
      return { id: textOf(about['operationId']), method, path, tag: textOf(listOf(about['tags'])[0]), about }
    }),
  )
}

const badge = (method: string): Html => html`<span class="method ${method}">${method.toUpperCase()}</span>`

function sidebar(title: string, tags: readonly string[], operations: readonly Operation[]): Html {
  const groups = tags.map((tag) => {
    const items = operations.filter((operation) => operation.tag === tag)
    return html`<h2><a href="#${tag}">${tag}</a></h2><ul>${items.map(
      ({ id, method, about }) => html`<li><a href="#${id}">${badge(method)}<span>${textOf(about['summary'])}</span></a></li>`,
    )}</ul>`
  })
  const list = html`${groups}<h2><a href="#schemas">Schemas</a></h2>`
  // Folded away on a phone, always open on a desk: without a script it takes two, of which one is shown.
  return html`<nav class="side" aria-label="Operations"><details class="folded"><summary>Contents</summary>${list}</details><div class="open"><p class="product">${title}</p>${list}</div></nav>`
}

function introduction({ document, at }: Reader, title: string): Html {
  const [server] = listOf(document['servers'])
  const schemes = recordOf(recordOf(document['components'])['securitySchemes'])
  const flow = recordOf(recordOf(at(schemes['oauth2'])['flows'])['authorizationCode'])
  const scopes = Object.entries(recordOf(flow['scopes']))
  return html`<div class="lead">
<h1>${title}</h1>
<p>${words(textOf(recordOf(document['info'])['description']))}</p>
<div class="facts">
<div><h3>Where</h3><p><code>${textOf(recordOf(server)['url'])}</code></p><p class="soft">JSON in and out; problems as <code>application/problem+json</code>.</p></div>
<div><h3>Who asks</h3><p>OAuth 2.0 with PKCE at <code>${textOf(flow['authorizationUrl'])}</code>, or the session of a page of this app.</p>
<ul>${scopes.map(([scope, said]) => html`<li><code>${scope}</code> <span class="soft">${textOf(said)}</span></li>`)}</ul></div>
</div>
</div>`
}

function tagSection(reader: Reader, tag: string, operations: readonly Operation[]): Html {
  return html`<section id="${tag}" aria-labelledby="${tag}-title"><h2 id="${tag}-title">${tag}</h2>${operations.map((operation) => operationCard(reader, operation))}</section>`
}

function operationCard(reader: Reader, { id, method, path, about }: Operation): Html {
  const description = textOf(about['description'])
  return html`<details class="op"><summary>${badge(method)}<span class="path">${path}</span><span class="what">${textOf(about['summary'])}</span></summary>
<div class="body" id="${id}">
${description === '' ? '' : html`<p>${words(description)}</p>`}
${authority(about)}
${parameters(reader, about)}
${requestPart(reader, about)}
${answers(reader, about)}
</div></details>`
}

function authority(about: Json): Html {
  const ways = listOf(about['security']).map(recordOf)
  const scopes = ways.flatMap((way) => listOf(way['oauth2'])).map(String)
  const isOpen = ways.some((way) => Object.keys(way).length === 0)
  const needs =
    scopes.length === 0 ? '' : html` with ${scopes.map((scope, index) => html`${index === 0 ? '' : ' and '}<code>${scope}</code>`)}`
  return html`<p class="soft">${isOpen ? 'For anybody; what is shown depends on who asks.' : html`For people who are signed in${needs}.`}</p>`
}

function parameters(reader: Reader, about: Json): Html | '' {
  const all = listOf(about['parameters']).map((parameter) => reader.at(parameter))
  if (all.length === 0) return ''
  const groups = [
    ['path', 'In the path'],
    ['query', 'In the query'],
    ['header', 'Headers'],
  ] as const
  return html`${groups.map(([place, title]) => {
    const own = all.filter((parameter) => parameter['in'] === place)
    return own.length === 0 ? '' : html`<div class="part"><h3>${title}</h3><ul class="fields">${own.map(parameterItem)}</ul></div>`
  })}`
}

function parameterItem(parameter: Json): Html {
  return fieldItem({
    name: textOf(parameter['name']),
    schema: recordOf(parameter['schema']),
    isRequired: parameter['required'] === true,
    depth: 4,
    about: textOf(parameter['description']),
  })
}

function requestPart(reader: Reader, about: Json): Html | '' {
  const body = recordOf(about['requestBody'])
  const types = Object.keys(recordOf(body['content']))
  const [type] = types
  if (type === undefined) return ''
  const schema = recordOf(recordOf(recordOf(body['content'])[type])['schema'])
  return html`<div class="part"><h3>Body</h3><p class="soft">${types.map((name, index) => html`${index === 0 ? '' : ' or '}<code>${name}</code>`)}</p>${shape(reader, schema)}</div>`
}

/** Fields beside an example, where there is one. */
function shape(reader: Reader, given: Json): Html | '' {
  const schema = reader.at(given)
  const name = refName(given)
  if (Object.keys(recordOf(schema['properties'])).length === 0) return ''
  const example = schema['example']
  const fields = html`<div class="part">${name === '' ? '' : html`<p><a href="#schema-${name}">${name}</a></p>`}${fieldList(schema)}</div>`
  if (example === undefined) return fields
  return html`<div class="pair">${fields}<pre tabindex="0"><code>${JSON.stringify(example, undefined, 2)}</code></pre></div>`
}

function answers(reader: Reader, about: Json): Html {
  const all = Object.entries(recordOf(about['responses'])).map(([status, response]) => ({ status, response: reader.at(response) }))
  const good = all.filter(({ status }) => Number(status) < 400)
  const bad = all.filter(({ status }) => Number(status) >= 400)
  return html`<div class="part"><h3>Answers</h3><ul class="fields">${good.map(({ status, response }) => goodAnswer(status, response))}</ul></div>
<div class="part"><h3>Problems</h3><ul class="chips">${bad.map(
    ({ status, response }) => html`<li><b>${status}</b> ${textOf(response['description'])}</li>`,
  )}</ul></div>`
}

function goodAnswer(status: string, response: Json): Html {
  const content = Object.entries(recordOf(response['content']))
  const headers = Object.keys(recordOf(response['headers'])).filter((name) => name === 'ETag' || name === 'Location')
  const names = content.map(([type, media]) => {
    const name = refName(recordOf(recordOf(media)['schema']))
    return name === '' ? html`<span class="type">${type}</span>` : html`<span class="type"><a href="#schema-${name}">${name}</a></span>`
  })
  return html`<li><div class="head"><span class="name good">${status}</span><span>${textOf(response['description'])}</span>${names}${
    headers.length === 0 ? '' : html`<span class="only">with ${headers.join(', ')}</span>`
  }</div></li>`
}

function schemaSection(reader: Reader): Html {
  const schemas = Object.entries(recordOf(recordOf(reader.document['components'])['schemas']))
  const cards = schemas.map(([name, value]) => {
    const schema = recordOf(value)
    const about = textOf(schema['description'])
    return html`<details class="op"><summary><span class="path">${name}</span><span class="what">${words(about)}</span></summary><div class="body" id="schema-${name}">${shape(reader, schema)}</div></details>`
  })
  return html`<section id="schemas" aria-labelledby="schemas-title"><h2 id="schemas-title">Schemas</h2>${cards}</section>`
}
