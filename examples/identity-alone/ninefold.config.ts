// Ninefold as the authorization server of an app that exists already: no resources, no frontends, one client.
import { createHash } from 'node:crypto'
import { defineApp } from 'ninefold'

/** Of this machine and this example. A real one is made by `ninefold clients add shop --with-secret`, which keeps its hash alone. */
export const DEVELOPMENT_SECRET = 'the-shop-on-this-machine-and-nowhere-else'

export default defineApp(({ mode, port }) => {
  const shop = `http://shop.localhost:${port + 1}`
  return {
    name: 'The Shop',
    scopes: {},
    resources: [],
    frontends: [],
    clients: [
      {
        clientId: 'shop',
        name: 'The Shop',
        redirectUris: [`${shop}/callback`],
        postLogoutRedirectUris: [`${shop}/`],
        backchannelLogoutUri: `${shop}/signed-out`,
        origins: [],
        scopes: ['profile', 'email', 'orders:read'],
        // It is our own: people are not asked whether it may know them.
        consent: 'never',
        authentication: {
          method: 'client_secret_basic',
          secretHashes: mode === 'development' ? [createHash('sha256').update(DEVELOPMENT_SECRET).digest('base64url')] : [],
        },
      },
    ],
    auth: {
      home: `${shop}/`,
      // Tokens for the shop's own API, which it checks by itself.
      resources: [{ audience: 'https://shop.example/api', scopes: { 'orders:read': 'see your orders' } }],
    },
  }
})
