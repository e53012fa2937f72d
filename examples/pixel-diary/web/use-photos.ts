// The photos of one person, newest first: read page by page, changed in place, and kept as they are in every other tab and on every other device.
import { useCallback, useEffect, useRef, useState } from 'react'
import { type Account, type NewPhoto, type Photo, type PhotoChange, photos, wordsFor } from './client.ts'

export interface Photos {
  /** `undefined` while the first page is on its way. */
  readonly items: readonly Photo[] | undefined
  readonly problem: string | undefined
  readonly hasMore: boolean
  loadMore(): Promise<void>
  add(fields: NewPhoto): Promise<void>
  /** After those of the same photo that are under way, and on what they leave: who is quick is not told that somebody else has changed it. */
  change(photo: Photo, changes: PhotoChange): Promise<void>
  remove(photo: Photo): Promise<void>
  /** Asks for a fresh link to the picture: links last some minutes, pages stay open for days. */
  relink(photo: Photo): Promise<void>
}

const PAGE = 40

export function usePhotos(account: Account): Photos {
  const [items, setItems] = useState<readonly Photo[]>()
  const [next, setNext] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const changing = useRef(new Map<string, Promise<Photo | undefined>>())
  const read = useCallback(
    (after?: string) =>
      photos.list({ where: { ownerId: account.id }, order: 'descending', limit: PAGE, ...(after === undefined ? {} : { after }) }),
    [account.id],
  )

  useEffect(() => {
    let current = true
    const readFirst = async (): Promise<void> => {
      try {
        const page = await read()
        if (!current) return
        setItems(page.items)
        setNext(page.next)
      } catch (error) {
        if (current) setProblem(wordsFor(error))
      }
    }
    // Read as soon as it is followed, so that nothing is missed in between; and whether or not it can be followed.
    void readFirst()
    const unfollow = photos.subscribe(
      { where: { ownerId: account.id } },
      {
        onReset: () => void readFirst(),
        onChange: (photo) => setItems((known) => (known === undefined ? undefined : withPhoto(known, photo))),
        onRemove: (id) => setItems((known) => known?.filter((photo) => photo.id !== id)),
      },
    )
    return () => {
      current = false
      unfollow()
    }
  }, [account.id, read])

  const replace = (changed: Photo): void => setItems((known) => known?.map((photo) => (photo.id === changed.id ? changed : photo)))
  const change: Photos['change'] = async (photo, changes) => {
    const before = changing.current.get(photo.id)
    const update = async (): Promise<Photo> => photos.update((await before) ?? photo, changes)
    const changed = update()
    const left = changed.catch(() => before)
    changing.current.set(photo.id, left)
    try {
      replace(await changed)
    } finally {
      if (changing.current.get(photo.id) === left) changing.current.delete(photo.id)
    }
  }
  return {
    items,
    problem,
    hasMore: next !== undefined,
    async loadMore() {
      const page = await read(next)
      setItems((known = []) => [...known, ...page.items.filter((photo) => !known.some(({ id }) => id === photo.id))])
      setNext(page.next)
    },
    async add(fields) {
      const added = await photos.create(fields)
      setItems((known = []) => withPhoto(known, added))
    },
    change,
    async remove(photo) {
      await photos.delete(photo.id)
      setItems((known) => known?.filter((other) => other.id !== photo.id))
    },
    relink: async (photo) => replace(await photos.get(photo.id)),
  }
}

/** In its place: ids sort by creation. Photos of pages that were not read yet come with their page. */
function withPhoto(known: readonly Photo[], photo: Photo): readonly Photo[] {
  if (known.some(({ id }) => id === photo.id)) return known.map((other) => (other.id === photo.id ? photo : other))
  const at = known.findIndex(({ id }) => id < photo.id)
  if (at === -1) return known.length < PAGE ? [...known, photo] : known
  return [...known.slice(0, at), photo, ...known.slice(at)]
}
