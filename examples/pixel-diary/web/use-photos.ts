// The photos of one person, newest first: read page by page, changed in place.
import { useCallback, useEffect, useState } from 'react'
import { type Account, type Photo, type PhotoFields, photos, wordsFor } from './client.ts'

export interface Photos {
  /** `undefined` while the first page is on its way. */
  readonly items: readonly Photo[] | undefined
  readonly problem: string | undefined
  readonly hasMore: boolean
  loadMore(): Promise<void>
  add(fields: PhotoFields): Promise<void>
  change(photo: Photo, changes: Partial<PhotoFields>): Promise<void>
  remove(photo: Photo): Promise<void>
  /** Asks for a fresh link to the picture: links last some minutes, pages stay open for days. */
  relink(photo: Photo): Promise<void>
}

const PAGE = 40

export function usePhotos(account: Account): Photos {
  const [items, setItems] = useState<readonly Photo[]>()
  const [next, setNext] = useState<string>()
  const [problem, setProblem] = useState<string>()
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
    void readFirst()
    return () => {
      current = false
    }
  }, [read])

  const replace = (changed: Photo): void => setItems((known) => known?.map((photo) => (photo.id === changed.id ? changed : photo)))
  return {
    items,
    problem,
    hasMore: next !== undefined,
    async loadMore() {
      const page = await read(next)
      setItems((known = []) => [...known, ...page.items])
      setNext(page.next)
    },
    async add(fields) {
      const added = await photos.create(fields)
      setItems((known = []) => [added, ...known])
    },
    change: async (photo, changes) => replace(await photos.update(photo, changes)),
    async remove(photo) {
      await photos.delete(photo.id)
      setItems((known) => known?.filter((other) => other.id !== photo.id))
    },
    relink: async (photo) => replace(await photos.get(photo.id)),
  }
}
