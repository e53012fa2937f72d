// Pixel Diary: a photo diary, and everything that the nine servers must know about it.
import { fileURLToPath } from 'node:url'
import { type AppEnvironment, type ClientDefinition, defineApp } from 'ninefold'
import { comments, photoBucket, photos } from './data.ts'
import { peoplePages } from './people.ts'

const built = (folder: string): string => fileURLToPath(new URL(folder, import.meta.url))

/** A shop that people can let see their photos. In development it runs beside us, one port further. */
function printShop({ mode, port, domain }: AppEnvironment): ClientDefinition {
  const origin = mode === 'development' ? `http://printshop.localhost:${port + 1}` : `https://printshop.${domain}`
  return { clientId: 'print-shop', name: 'Print Shop', redirectUris: [`${origin}/callback`], origins: [origin], scopes: ['photos:read'] }
}

export default defineApp((environment) => ({
  name: 'Pixel Diary',
  scopes: {
    'photos:read': 'see your photos and their captions',
    'photos:write': 'add, change and delete photos in your diary',
    'comments:read': 'read the comments on public pages',
    'comments:write': 'write and delete comments in your name',
  },
  auth: {
    texts: {
      de: {
        scopes: {
          'photos:read': 'Ihre Fotos und deren Bildunterschriften sehen',
          'photos:write': 'Fotos in Ihrem Tagebuch hinzufügen, ändern und löschen',
          'comments:read': 'die Kommentare auf öffentlichen Seiten lesen',
          'comments:write': 'in Ihrem Namen Kommentare schreiben und löschen',
        },
      },
    },
  },
  resources: [photos, comments],
  buckets: [photoBucket],
  frontends: [
    {
      name: 'diary',
      title: 'Pixel Diary',
      mode: 'cookie',
      scopes: ['photos:read', 'photos:write', 'comments:read', 'comments:write'],
      folder: built('./dist'),
      views: peoplePages(environment.origin('accounts')),
    },
    {
      name: 'gallery',
      title: 'Pixel Gallery',
      mode: 'memory',
      scopes: ['photos:read'],
      folder: built('../pixel-gallery/dist'),
    },
  ],
  clients: [printShop(environment)],
}))
