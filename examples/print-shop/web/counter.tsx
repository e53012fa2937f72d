// At the counter: the person's photos, the basket, and what the shop may not do.
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import { Basket } from './basket.tsx'
import { AccessEnded, type Connection, type Photo } from './connection.ts'
import { Limits } from './limits.tsx'
import { Print } from './print.tsx'

export interface CounterProps {
  readonly connection: Connection
  readonly onEnded: () => void
}

export function Counter({ connection, onEnded }: CounterProps): ReactElement {
  const [photos, setPhotos] = useState<readonly Photo[]>()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [problem, setProblem] = useState<string>()
  const fail = useCallback(
    (error: unknown) => {
      if (error instanceof AccessEnded) onEnded()
      else setProblem(error instanceof Error ? error.message : 'Something went wrong.')
    },
    [onEnded],
  )
  const look = async (): Promise<void> => {
    try {
      setPhotos(await connection.photos())
      setProblem(undefined)
    } catch (error) {
      fail(error)
    }
  }
  useEffect(() => {
    const lookFirst = async (): Promise<void> => {
      try {
        setPhotos(await connection.photos())
      } catch (error) {
        fail(error)
      }
    }
    void lookFirst()
  }, [connection, fail])

  const toggle = (photo: Photo): void =>
    setPicked((known) => {
      const next = new Set(known)
      if (!next.delete(photo.id)) next.add(photo.id)
      return next
    })
  return (
    <div className='counter'>
      <div className='desk'>
        <section aria-labelledby='photos-title'>
          <div className='heading'>
            <h1 id='photos-title'>Which ones?</h1>
            <button type='button' className='text' onClick={() => void look()}>
              Look again
            </button>
          </div>
          {problem !== undefined && (
            <p className='note' role='alert'>
              {problem}
            </p>
          )}
          <Sheet photos={photos} connection={connection} picked={picked} onPick={toggle} onError={fail} />
        </section>
        <Basket count={photos?.filter((photo) => picked.has(photo.id)).length ?? 0} onDone={() => setPicked(new Set())} />
      </div>
      <Limits connection={connection} photo={photos?.[0]} onError={fail} />
    </div>
  )
}

interface SheetProps {
  readonly photos: readonly Photo[] | undefined
  readonly connection: Connection
  readonly picked: ReadonlySet<string>
  readonly onPick: (photo: Photo) => void
  readonly onError: (error: unknown) => void
}

function Sheet({ photos, connection, picked, onPick, onError }: SheetProps): ReactElement {
  if (photos === undefined) return <p className='opening' role='status' aria-label='Fetching your photos' />
  if (photos.length === 0) return <p className='lead'>There is no photo in your diary yet. Add one there, then look again here.</p>
  return (
    <ul className='sheet'>
      {photos.map((photo) => (
        <Print
          key={photo.id}
          photo={photo}
          connection={connection}
          isPicked={picked.has(photo.id)}
          onPick={() => onPick(photo)}
          onError={onError}
        />
      ))}
    </ul>
  )
}
