// Somebody who arrives at the accounts site from an app, to sign in.
import type { Interaction } from '../../src/auth/engine.ts'

export const SIGN_IN: Interaction = {
  uid: 'u1',
  prompt: 'login',
  client: {
    clientId: 'diary',
    name: 'Pixel Diary',
    host: 'diary.example.org',
    redirectOrigin: 'https://diary.example.org',
    firstParty: true,
  },
  scopes: [],
}
