// An authenticator in software (WebAuthn section 6): makes keys and signs, and can be told to do it as it must not.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const sha256 = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest()
const text = (value: Buffer): string => value.toString('base64url')

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const BACKUP_ELIGIBLE = 0x08
const BACKED_UP = 0x10
const HAS_KEY = 0x40

export interface Ceremony {
  readonly challenge: string
  readonly origin: string
  readonly rpId: string
  readonly verified?: boolean
  readonly backedUp?: boolean
  readonly backupEligible?: boolean
  /** The count that it tells; one more than the last unless told. */
  readonly counter?: number
  readonly userHandle?: string
}

export class SoftAuthenticator {
  readonly #key: KeyObject
  readonly #coseKey: Buffer
  readonly id = randomBytes(32)
  counter = 0

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    this.#key = privateKey
    // COSE (RFC 9053): kty EC2, alg ES256, crv P-256, x, y.
    this.#coseKey = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, 'base64url'),
    ])
  }

  #authenticatorData({ rpId, verified = true, backedUp = false, backupEligible = backedUp, counter }: Ceremony, extra: number): Buffer {
    const flags =
      USER_PRESENT | (verified ? USER_VERIFIED : 0) | (backupEligible ? BACKUP_ELIGIBLE : 0) | (backedUp ? BACKED_UP : 0) | extra
    const count = Buffer.alloc(4)
    this.counter = counter ?? this.counter + 1
    count.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count])
  }

  /** What a page sends of `navigator.credentials.create`. */
  create(ceremony: Ceremony): string {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    const authData = Buffer.concat([this.#authenticatorData(ceremony, HAS_KEY), Buffer.alloc(16), length, this.id, this.#coseKey])
    const size = Buffer.alloc(2)
    size.writeUInt16BE(authData.length)
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3, 0x63]),
      Buffer.from('fmt'),
      Buffer.from([0x64]),
      Buffer.from('none'),
      Buffer.from([0x67]),
      Buffer.from('attStmt'),
      Buffer.from([0xa0, 0x68]),
      Buffer.from('authData'),
      Buffer.from([0x59]),
      size,
      authData,
    ])
    return this.#answer({
      clientDataJSON: clientData('webauthn.create', ceremony),
      attestationObject: text(attestationObject),
      transports: ['internal'],
    })
  }

  /** What a page sends of `navigator.credentials.get`. */
  get(ceremony: Ceremony): string {
    const authenticatorData = this.#authenticatorData(ceremony, 0)
    const clientDataJSON = clientData('webauthn.get', ceremony)
    const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]), this.#key)
    const userHandle = ceremony.userHandle === undefined ? {} : { userHandle: text(Buffer.from(ceremony.userHandle)) }
    return this.#answer({ clientDataJSON, authenticatorData: text(authenticatorData), signature: text(signature), ...userHandle })
  }

  #answer(response: object): string {
    const id = text(this.id)
    return JSON.stringify({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response })
  }
}

function clientData(type: string, { challenge, origin }: Ceremony): string {
  return text(Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })))
}
