// A mail server for tests: speaks SMTP (RFC 5321) on a real socket and keeps what it is given.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface SunkMail {
  readonly from: string
  readonly to: readonly string[]
  /** The message as it came, dots unstuffed. */
  readonly source: string
}

export interface SmtpSink {
  readonly port: number
  readonly mails: readonly SunkMail[]
  /** How many connections were opened so far. */
  connections(): number
  /** Answers the next RCPT with this line instead of accepting. */
  refuseNextRecipient(line: string): void
  /** Keeps the next mail and hangs up instead of saying so. */
  loseNextMail(): void
  stop(): Promise<void>
}

export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: SunkMail[] = []
  const refusals: string[] = []
  let lost = 0
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    converse(socket, { refusal: () => refusals.shift(), keep: (mail) => void mails.push(mail), isLost: () => lost > 0 && (lost -= 1) >= 0 })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    mails,
    connections: () => connections,
    refuseNextRecipient: (line) => void refusals.push(line),
    loseNextMail: () => void (lost += 1),
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Session {
  refusal(): string | undefined
  keep(mail: SunkMail): void
  isLost(): boolean
}

function converse(socket: Socket, session: Session): void {
  const say = (line: string): void => void socket.write(`${line}\r\n`)
  let buffer = ''
  let from = ''
  let to: string[] = []
  let data: string[] | undefined
  const unknown = (): void => say('502 not here')
  const verbs: Readonly<Record<string, (line: string) => void>> = {
    EHLO: () => say('250-sink.test\r\n250 8BITMIME'),
    MAIL(line) {
      from = /<(.*?)>/.exec(line)?.[1] ?? ''
      to = []
      say('250 ok')
    },
    RCPT(line) {
      const refusal = session.refusal()
      if (refusal === undefined) to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
      say(refusal ?? '250 ok')
    },
    DATA() {
      data = []
      say('354 go on')
    },
    RSET: () => say('250 ok'),
    NOOP: () => say('250 ok'),
    QUIT: () => void socket.end('221 bye\r\n'),
  }
  const take = (line: string): void => {
    if (data === undefined) (verbs[line.slice(0, 4).toUpperCase()] ?? unknown)(line)
    else if (line === '.') {
      session.keep({ from, to, source: data.join('\r\n') })
      data = undefined
      if (session.isLost()) socket.destroy()
      else say('250 kept')
    } else data.push(line.startsWith('.') ? line.slice(1) : line)
  }
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    buffer += text
    for (let end = buffer.indexOf('\r\n'); end !== -1; end = buffer.indexOf('\r\n')) {
      const line = buffer.slice(0, end)
      buffer = buffer.slice(end + 2)
      take(line)
    }
  })
  say('220 sink.test ready')
}
