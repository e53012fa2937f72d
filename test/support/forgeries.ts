// What a page of somebody else can make a browser send, as code for that page. Text, since these tests are checked without the types of a browser.

export interface Target {
  readonly url: string
  readonly method: string
  readonly fields: Readonly<Record<string, string>>
}

export interface Outcome {
  readonly vector: string
  readonly url: string
  /** `read`: the page could see the answer, which must never be. */
  readonly result: 'read' | 'opaque' | 'refused' | 'sent'
}

/** Everything that a script can send without leaving its page. */
const SCRIPTED = `async ({ targets, token }) => {
const all = []
for (const { url, method, fields } of targets) {
  const given = token === undefined ? fields : { ...fields, csrf_token: token }
  const outcomes = []
  const form = () => new URLSearchParams(given)
  const parts = () => { const data = new FormData(); for (const name of Object.keys(given)) data.append(name, given[name]); return data }
  const text = JSON.stringify(fields)
  const attempt = async (vector, options) => {
    try {
      const reply = await fetch(url, { credentials: 'include', ...options })
      outcomes.push({ vector, url, result: reply.type === 'opaque' || reply.type === 'opaqueredirect' ? 'opaque' : 'read' })
    } catch { outcomes.push({ vector, url, result: 'refused' }) }
  }
  const headers = token === undefined ? {} : { 'x-csrf-token': token }
  await Promise.all([
    attempt('no-cors, form', { method: 'POST', mode: 'no-cors', body: form() }),
    attempt('no-cors, multipart', { method: 'POST', mode: 'no-cors', body: parts() }),
    attempt('no-cors, JSON as text', { method: 'POST', mode: 'no-cors', body: text }),
    attempt('no-cors, nothing', { method: 'POST', mode: 'no-cors', keepalive: true }),
    attempt('no-cors, redirects by hand', { method: 'POST', mode: 'no-cors', redirect: 'manual', body: form() }),
    attempt('cors, form', { method: 'POST', mode: 'cors', body: form() }),
    attempt('cors, JSON', { method: 'POST', mode: 'cors', headers: { ...headers, 'content-type': 'application/json' }, body: text }),
    attempt('cors, its own method', { method, mode: 'cors', headers: { ...headers, 'content-type': 'application/json' }, body: text }),
    attempt('cors, GET', { method: 'GET', mode: 'cors' }),
    attempt('cors, override', { method: 'POST', mode: 'cors', headers: { ...headers, 'x-http-method-override': method } }),
    attempt('no-cors, GET', { method: 'GET', mode: 'no-cors' }),
    attempt('no-cors, HEAD', { method: 'HEAD', mode: 'no-cors' }),
  ])
  const blob = (type, body) => new Blob([body], { type })
  for (const [vector, body] of [
    ['beacon, form', form()], ['beacon, multipart', parts()], ['beacon, text', text],
    ['beacon, JSON', blob('application/json', text)], ['beacon, text blob', blob('text/plain', text)],
  ]) outcomes.push({ vector, url, result: navigator.sendBeacon(url, body) ? 'sent' : 'refused' })
  const loaded = (name, make) => new Promise((done) => {
    const element = make(document.createElement(name))
    element.onload = element.onloadeddata = () => done({ vector: name, url, result: name === 'iframe' ? 'opaque' : 'read' })
    element.onerror = () => done({ vector: name, url, result: 'refused' })
    setTimeout(() => done({ vector: name, url, result: 'sent' }), 1500)
    document.body.append(element)
  })
  for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
    const frame = Object.assign(document.createElement('iframe'), { name: enctype })
    const element = Object.assign(document.createElement('form'), { action: url, method: 'post', enctype, target: enctype })
    const pairs = enctype === 'text/plain' ? [[text.slice(0, -1) + ',"pad":"', '"}']] : Object.entries(given)
    for (const [name, value] of pairs) element.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
    document.body.append(frame, element)
    const arrived = new Promise((done) => { frame.onload = done; setTimeout(done, 1500) })
    element.submit()
    await arrived
  }
  const address = url + '?' + form()
  outcomes.push(...await Promise.all([
    loaded('img', (element) => Object.assign(element, { src: address })),
    loaded('iframe', (element) => Object.assign(element, { src: address })),
    loaded('script', (element) => Object.assign(element, { src: address })),
    loaded('link', (element) => Object.assign(element, { rel: 'stylesheet', href: address })),
  ]))
  document.body.replaceChildren()
  all.push(...outcomes)
}
return all
}`

/** A form that sends itself, so that the whole tab goes there: the request that looks most like a person's own. */
const SUBMITTED = `({ target: { url, fields }, token, method }) => {
  const form = Object.assign(document.createElement('form'), { action: url, method })
  const given = token === undefined ? fields : { ...fields, csrf_token: token }
  for (const [name, value] of Object.entries(given)) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
  document.body.append(form)
  setTimeout(() => form.submit(), 0)
}`

const OPENED = `async (url) => {
  const other = window.open(url)
  if (other === null) return 'blocked'
  for (let waited = 0; !other.closed && waited < 3000; waited += 50) await new Promise((done) => setTimeout(done, 50))
  let seen = ''
  try { seen = String(other.document.body.innerText) } catch {}
  return [other.closed, seen].join()
}`

/** How elements of a page end up that load an address of another site: all that a page can learn of it without reading it. */
const LOADED = `async (urls) => {
  const one = (name, set) => new Promise((done) => {
    const element = document.createElement(name)
    element.onload = element.onloadedmetadata = () => done(name + ' loaded ' + (element.naturalWidth ?? element.sheet?.cssRules?.length ?? ''))
    element.onerror = () => done(name + ' failed')
    setTimeout(() => done(name + ' silent'), 3000)
    set(element)
    document.body.append(element)
  })
  const all = await Promise.all(urls.flatMap((url) => [
    one('img', (element) => { element.src = url }),
    one('script', (element) => { element.src = url }),
    one('link', (element) => { element.rel = 'stylesheet'; element.href = url }),
    one('video', (element) => { element.src = url }),
    fetch(url, { mode: 'no-cors', credentials: 'include' }).then(() => 'fetch opaque', () => 'fetch refused'),
    fetch(url, { mode: 'cors', credentials: 'include' }).then((reply) => 'READ ' + reply.status, () => 'fetch refused'),
  ]))
  document.body.replaceChildren()
  return all
}`

export const scripted = (targets: readonly Target[], token: string | undefined): string =>
  `(${SCRIPTED})(${JSON.stringify({ targets, token })})`
export const submitted = (target: Target, form: { token: string | undefined; method: 'get' | 'post' }): string =>
  `(${SUBMITTED})(${JSON.stringify({ target, ...form })})`
export const opened = (url: string): string => `(${OPENED})(${JSON.stringify(url)})`
export const loaded = (urls: readonly string[]): string => `(${LOADED})(${JSON.stringify(urls)})`
