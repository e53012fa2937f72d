// What the shop holds while it may see somebody's photos: tokens in private fields, renewed when they end, gone with the page.
import {
  None,
  processRefreshTokenResponse,
  ResponseBodyError,
  refreshTokenGrantRequest,
  revocationRequest,
  type TokenEndpointResponse,
} from 'oauth4webapi'
import type { Provider } from './provider.ts'

export interface Photo {
  readonly id: string
  readonly caption: string
  readonly image: string
  readonly createdAt: string
}

/** Access was taken back. */
export class AccessEnded extends Error {
  override readonly name = 'AccessEnded'
}

/** What an experiment found: the status and the code of the answer. */
export interface Outcome {
  readonly status: number
  readonly code: string
}

export class Connection {
  readonly person: string
  readonly #provider: Provider
  #accessToken: string
  #refreshToken: string | undefined
  #renewing: Promise<void> | undefined

  constructor(provider: Provider, person: string, tokens: TokenEndpointResponse) {
    this.#provider = provider
    this.person = person
    this.#accessToken = tokens.access_token
    this.#refreshToken = tokens.refresh_token
  }

  async photos(): Promise<readonly Photo[]> {
    const query = new URLSearchParams({ ownerId: this.person, order: 'descending', limit: '100' })
    const response = await this.#send(`${this.#provider.config.api}/api/photos?${query.toString()}`)
    if (!response.ok) throw new Error(`The photos could not be read (${response.status}).`)
    const page: { items: Photo[] } = await response.json()
    return page.items
  }

  /** The picture itself, with the token: the link that the diary's own pages use is not ours to use. */
  async picture(photo: Photo): Promise<Blob> {
    const response = await this.#send(`${this.#provider.config.files}/photos/${photo.image}`)
    if (!response.ok) throw new Error(`The picture could not be read (${response.status}).`)
    return response.blob()
  }

  /** Two things that the shop may not do, tried for show. */
  async tryToChange(photo: Photo): Promise<Outcome> {
    const body = JSON.stringify({ caption: 'Print Shop was here' })
    return outcomeOf(
      await this.#send(this.#photoAddress(photo.id), { method: 'PATCH', headers: { 'content-type': 'application/json' }, body }),
    )
  }

  async tryToRead(photoId: string): Promise<Outcome> {
    return outcomeOf(await this.#send(this.#photoAddress(photoId)))
  }

  /** Gives the access back. */
  async forget(): Promise<void> {
    const { server, client, options } = this.#provider
    const token = this.#refreshToken ?? this.#accessToken
    await revocationRequest(server, client, None(), token, options)
  }

  #photoAddress(id: string): string {
    return `${this.#provider.config.api}/api/photos/${encodeURIComponent(id)}`
  }

  async #send(url: string, init: RequestInit = {}): Promise<Response> {
    const ask = (): Promise<Response> => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${this.#accessToken}`)
      return fetch(url, { ...init, headers, credentials: 'omit' })
    }
    const first = await ask()
    if (first.status !== 401) return first
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    await this.#renewing
    const second = await ask()
    if (second.status === 401) throw new AccessEnded()
    return second
  }

  async #renew(): Promise<void> {
    const { server, client, options, resource } = this.#provider
    if (this.#refreshToken === undefined) throw new AccessEnded()
    try {
      const response = await refreshTokenGrantRequest(server, client, None(), this.#refreshToken, {
        ...options,
        additionalParameters: { resource },
      })
      const tokens = await processRefreshTokenResponse(server, client, response)
      this.#accessToken = tokens.access_token
      this.#refreshToken = tokens.refresh_token ?? this.#refreshToken
    } catch (error) {
      if (error instanceof ResponseBodyError && error.error === 'invalid_grant') throw new AccessEnded()
      throw error
    }
  }
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const body: { code?: string } = await response.json().catch(() => ({}))
  return { status: response.status, code: body.code ?? (response.ok ? 'ok' : 'unknown') }
}
