// Pixel Diary with what it does not need and the measurements do: a client with a secret, and two resource servers, one of opaque tokens.
import { createHash } from 'node:crypto'
import diary from '../../../examples/pixel-diary/ninefold.config.ts'
import { defineApp } from 'ninefold'

export const SECRET = 'the-secret-of-the-clients-in-measurements'
export const SHOP = 'shop'
export const PRINTER = 'printer'
export const REPORTS = 'https://reports.example/'
export const JOBS = 'https://printer.example/jobs'

/** Longer than all rounds of one database take. */
const lifetimeSeconds = 600
const authentication = {
  method: 'client_secret_basic',
  secretHashes: [createHash('sha256').update(SECRET).digest('base64url')],
} as const

export default defineApp((environment) => {
  const { clients = [], ...app } = diary(environment)
  return {
    ...app,
    clients: [
      ...clients,
      {
        clientId: SHOP,
        name: 'Shop',
        redirectUris: [`http://printshop.localhost:${environment.port + 1}/callback`],
        origins: [],
        scopes: ['photos:read', 'reports:read', 'jobs:write'],
        consent: 'never',
        authentication,
      },
      {
        clientId: PRINTER,
        name: 'Printer',
        redirectUris: [],
        origins: [],
        scopes: ['photos:read'],
        grants: ['client_credentials'],
        authentication,
      },
    ],
    auth: {
      resources: [
        { audience: REPORTS, scopes: { 'reports:read': 'see reports' }, lifetimeSeconds, servers: [PRINTER] },
        { audience: JOBS, scopes: { 'jobs:write': 'print' }, format: 'opaque', lifetimeSeconds, servers: [PRINTER] },
      ],
    },
  }
})
