// The diary of the person who is signed in.
import { type ReactElement, useEffect, useState } from 'react'
import { Brand } from './brand.tsx'
import { type Account, client, type Photo, wordsFor } from './client.ts'
import { DropArea } from './drop-area.tsx'
import { PhotoCard, TITLE_ID } from './photo-card.tsx'
import { UploadCard } from './upload-card.tsx'
import { type Photos, usePhotos } from './use-photos.ts'
import { type Uploads, useUploads } from './use-uploads.ts'

const NOTICE_MS = 6_000

export function Diary({ account }: { readonly account: Account }): ReactElement {
  const photos = usePhotos(account)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (said === '') return undefined
    const timer = setTimeout(() => setSaid(''), NOTICE_MS)
    return () => clearTimeout(timer)
  }, [said])
  const uploads = useUploads(async (image) => {
    await photos.add({ caption: '', image, visibility: 'private' })
    setSaid('Photo added to your diary')
  })
  const count = photos.items?.length ?? 0
  return (
    <DropArea onFiles={(files) => uploads.start(files)}>
      <Bar account={account} onProblem={setSaid} />
      <main className='diary'>
        <header className='title'>
          <h1 id={TITLE_ID} tabIndex={-1}>
            {possessive(account.name)} diary
          </h1>
          <p>{countWords(count, photos.hasMore)}</p>
        </header>
        {photos.problem === undefined ? (
          <Entries photos={photos} uploads={uploads} say={setSaid} />
        ) : (
          <p className='problem'>{photos.problem}</p>
        )}
      </main>
      <p className='said' role='status'>
        {said}
      </p>
    </DropArea>
  )
}

function Bar({ account, onProblem }: { readonly account: Account; readonly onProblem: (words: string) => void }): ReactElement {
  return (
    <header className='bar'>
      <Brand />
      <nav aria-label='You'>
        <a href={`/people/${account.id}`}>Public page</a>
        <a href={`${client.addresses.accounts ?? ''}/account`}>Account</a>
        <button type='button' className='link' onClick={() => void client.signOut().catch((error: unknown) => onProblem(wordsFor(error)))}>
          Sign out
        </button>
      </nav>
    </header>
  )
}

interface EntriesProps {
  readonly photos: Photos
  readonly uploads: Uploads
  readonly say: (words: string) => void
}

function Entries({ photos, uploads, say }: EntriesProps): ReactElement {
  if (photos.items === undefined) return <p className='waiting' role='status' aria-label='Reading your photos' />
  if (photos.items.length === 0 && uploads.items.length === 0) return <Empty />
  return (
    <>
      {uploads.items.length > 0 && (
        <ul className='grid' aria-label='On their way'>
          {uploads.items.map((upload) => (
            <UploadCard key={upload.key} upload={upload} onRetry={() => uploads.retry(upload)} onDismiss={() => uploads.dismiss(upload)} />
          ))}
        </ul>
      )}
      {byMonth(photos.items).map(({ month, items }) => (
        <section key={month} aria-label={month}>
          <h2>{month}</h2>
          <ul className='grid'>
            {items.map((photo) => (
              <PhotoCard key={photo.id} photo={photo} photos={photos} say={say} />
            ))}
          </ul>
        </section>
      ))}
      {photos.hasMore && (
        <p className='more'>
          <button
            type='button'
            className='button plain'
            onClick={() => void photos.loadMore().catch((error: unknown) => say(wordsFor(error)))}
          >
            Show older photos
          </button>
        </p>
      )}
    </>
  )
}

function Empty(): ReactElement {
  return (
    <div className='empty'>
      <span className='frame' aria-hidden='true' />
      <h2>The first page is yours</h2>
      <p>Drop a picture anywhere on this page, or choose one. Nobody else sees it until you say so.</p>
    </div>
  )
}

function byMonth(items: readonly Photo[]): { month: string; items: Photo[] }[] {
  const months: { month: string; items: Photo[] }[] = []
  for (const photo of items) {
    const month = new Date(photo.createdAt).toLocaleDateString(undefined, { month: 'long', year: 'numeric' })
    const last = months.at(-1)
    if (last?.month === month) last.items.push(photo)
    else months.push({ month, items: [photo] })
  }
  return months
}

function possessive(name: string): string {
  return `${name}${/s$/i.test(name) ? '\u2019' : '\u2019s'}`
}

function countWords(count: number, hasMore: boolean): string {
  if (count === 0) return 'No photos yet'
  return `${count}${hasMore ? '+' : ''} ${count === 1 ? 'photo' : 'photos'}`
}
