// Heads of answers: headers that are the same on every answer of a host are checked and joined once, instead of 4 us each time.
import { type IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'

/** Name, value, name, value: the form that Node writes without another copy. `Set-Cookie` may have a list as its value. */
export type HeaderList = (string | string[])[]

export interface HeaderBlock {
  readonly list: readonly string[]
  /** Whole lines. */
  readonly text: string
}

/** Throws for a name or a value that no header may have. Not for headers on which Node decides: connection, date, length, coding, trailer. */
export function headerBlock(list: readonly string[]): HeaderBlock {
  let text = ''
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] ?? ''
    const value = list[index + 1] ?? ''
    validateHeaderName(name)
    validateHeaderValue(name, value)
    text += `${name}: ${value}\r\n`
  }
  // Made flat: the engine would else join the lines again for each answer.
  return { list, text: Buffer.from(text, 'latin1').toString('latin1') }
}

// Node has no public way to add checked lines. This is the method that joins the head; it is called with the status line and the rest.
const storeHeader: unknown = Reflect.get(ServerResponse.prototype, '_storeHeader')
if (typeof storeHeader !== 'function') throw new Error('This version of Node joins the heads of answers in another way')

/** The response of the gateway's listener. */
export class BlockResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #block = ''

  writeHeadWith(block: HeaderBlock, status: number, headers: HeaderList): void {
    this.#block = block.text
    this.writeHead(status, headers)
    // An answer without its security headers must not leave.
    if (this.#block !== '') throw new Error('This version of Node joins the heads of answers in another way')
  }

  _storeHeader(statusLine: string, headers: unknown): void {
    const block = this.#block
    this.#block = ''
    Reflect.apply(Object(storeHeader), this, [statusLine + block, headers])
  }
}

/** `writeHead` with a block before the other headers. */
export function writeHead(response: ServerResponse, status: number, head: { block: HeaderBlock | undefined; headers: HeaderList }): void {
  const { block, headers } = head
  if (block === undefined) response.writeHead(status, headers)
  else if (response instanceof BlockResponse) response.writeHeadWith(block, status, headers)
  else response.writeHead(status, [...block.list, ...headers])
}
