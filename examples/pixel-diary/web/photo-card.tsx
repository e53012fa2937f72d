// One entry of the diary: the picture, its words, who may see it.
import { type ReactElement, useState } from 'react'
import { Icon } from './brand.tsx'
import { CaptionForm } from './caption-form.tsx'
import { type Photo, wordsFor } from './client.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import type { Photos } from './use-photos.ts'

/** Where the focus goes when the photo that had it is gone. */
export const TITLE_ID = 'title'

export interface PhotoCardProps {
  readonly photo: Photo
  readonly photos: Photos
  readonly say: (words: string) => void
}

export function PhotoCard({ photo, photos, say }: PhotoCardProps): ReactElement {
  const [deleting, setDeleting] = useState(false)
  const label = photo.caption === '' ? `Photo of ${longDate(photo)}` : photo.caption
  const attempt = async (work: Promise<void>, done: string): Promise<void> => {
    try {
      await work
      say(done)
    } catch (error) {
      say(wordsFor(error))
    }
  }
  const toggle = (isPublic: boolean): void => {
    const work = photos.change(photo, { visibility: isPublic ? 'private' : 'public' })
    void attempt(work, isPublic ? 'Now only you see it' : 'Now on your public page')
  }
  return (
    <li className='card' data-photo={photo.id}>
      <Picture photo={photo} label={label} relink={photos.relink} />
      <div className='words'>
        <Caption photo={photo} photos={photos} say={say} />
        <div className='row'>
          <time dateTime={photo.createdAt}>{longDate(photo)}</time>
          <Visibility isPublic={photo.visibility === 'public'} label={label} onToggle={toggle} />
          <button type='button' className='small icon-only' aria-label={`Delete: ${label}`} onClick={() => setDeleting(true)}>
            <Icon name='trash' />
          </button>
        </div>
      </div>
      {deleting && (
        <DeleteDialog
          label={label}
          onClose={() => setDeleting(false)}
          onDelete={() => {
            setDeleting(false)
            void attempt(photos.remove(photo), 'Photo deleted').then(() => document.getElementById(TITLE_ID)?.focus())
          }}
        />
      )}
    </li>
  )
}

interface PictureProps {
  readonly photo: Photo
  readonly label: string
  readonly relink: Photos['relink']
}

function Picture({ photo, label, relink }: PictureProps): ReactElement {
  const [tried, setTried] = useState(false)
  const [broken, setBroken] = useState(false)
  // A link that has ended is replaced once; a picture that still does not come is not there.
  const onError = (): void => {
    setTried(true)
    if (tried) setBroken(true)
    else relink(photo).catch(() => setBroken(true))
  }
  return (
    <div className='picture'>
      {broken ? (
        <p>This picture cannot be shown just now.</p>
      ) : (
        <img src={photo.imageUrl} alt={label} loading='lazy' decoding='async' onError={onError} onLoad={() => setTried(false)} />
      )}
    </div>
  )
}

function Caption({ photo, photos, say }: PhotoCardProps): ReactElement {
  const [editing, setEditing] = useState(false)
  const [wasEditing, setWasEditing] = useState(false)
  const close = (): void => {
    setEditing(false)
    setWasEditing(true)
  }
  if (!editing) {
    const isMissing = photo.caption === ''
    return (
      // The form that had the focus is gone: whoever uses the keyboard goes on where it was.
      <button type='button' className='caption' autoFocus={wasEditing} onClick={() => setEditing(true)}>
        <span className='hidden'>Edit caption: </span>
        <span className={isMissing ? 'missing' : undefined}>{isMissing ? 'Add a few words' : photo.caption}</span>
        <Icon name='pencil' />
      </button>
    )
  }
  const save = async (caption: string): Promise<void> => {
    await photos.change(photo, { caption })
    close()
    say('Caption saved')
  }
  return <CaptionForm caption={photo.caption} onCancel={close} onSave={save} />
}

interface VisibilityProps {
  readonly isPublic: boolean
  readonly label: string
  readonly onToggle: (isPublic: boolean) => void
}

function Visibility({ isPublic, label, onToggle }: VisibilityProps): ReactElement {
  return (
    <button
      type='button'
      role='switch'
      aria-checked={isPublic}
      aria-label={`Public: ${label}`}
      className='small visibility'
      onClick={() => onToggle(isPublic)}
    >
      <Icon name={isPublic ? 'globe' : 'lock'} /> {isPublic ? 'Public' : 'Only you'}
    </button>
  )
}

function longDate(photo: Photo): string {
  return new Date(photo.takenOn ?? photo.createdAt).toLocaleDateString(undefined, { day: 'numeric', month: 'long' })
}
