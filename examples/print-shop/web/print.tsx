// One photo to pick. Its bytes are fetched with the token and shown from memory.
import { type ReactElement, useEffect, useState } from 'react'
import type { Connection, Photo } from './connection.ts'

export interface PrintProps {
  readonly photo: Photo
  readonly connection: Connection
  readonly isPicked: boolean
  readonly onPick: () => void
  readonly onError: (error: unknown) => void
}

export function Print({ photo, connection, isPicked, onPick, onError }: PrintProps): ReactElement {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    let made: string | undefined
    let current = true
    const fetchPicture = async (): Promise<void> => {
      try {
        const picture = await connection.picture(photo)
        if (!current) return
        made = URL.createObjectURL(picture)
        setAddress(made)
      } catch (error) {
        if (current) onError(error)
      }
    }
    void fetchPicture()
    return () => {
      current = false
      if (made !== undefined) URL.revokeObjectURL(made)
    }
  }, [connection, photo, onError])

  const words = photo.caption === '' ? 'Without words' : photo.caption
  return (
    <li className={isPicked ? 'print picked' : 'print'} data-photo={photo.id}>
      <label>
        <span className='picture'>{address !== undefined && <img src={address} alt='' />}</span>
        <span className='words'>
          <input type='checkbox' checked={isPicked} onChange={onPick} />
          <span>{words}</span>
        </span>
      </label>
    </li>
  )
}
