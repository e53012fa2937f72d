// The shell of a single-page app: parsed once at start, then put together around a fresh nonce for each answer.
import { type Html, trustedHtml } from '#kernel/html.ts'

// Comments are skipped whole, and so is what stands inside of a script or a style: text there that looks like a tag is not one.
const ELEMENTS = /<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>|<(link)\b|<head\b[^>]*>/gi
const NONCE = '\0'

/** Makes the function that gives the page its nonce. `head` is put first into the head of the page. */
export function createPage(source: string, head: Html): (nonce: string) => Html {
  if (/\snonce\s*=/i.test(source)) throw new Error('index.html has a nonce of its own: it would be the same for everybody')
  if (source.includes(NONCE)) throw new Error('index.html holds a NUL character')
  // Vite's loader for parts that come later takes the nonce for their styles from the meta tag.
  const opening = `${head.toString()}<meta property="csp-nonce" nonce="${NONCE}">`
  const marked = source.replace(ELEMENTS, (element: string, block?: string, link?: string) => {
    if (element.startsWith('<!--')) return element
    const name = block ?? link
    if (name === undefined) return element + opening
    return `<${name} nonce="${NONCE}"${element.slice(name.length + 1)}`
  })
  const parts = marked.split(NONCE)
  return (nonce) => trustedHtml(parts.join(nonce))
}
