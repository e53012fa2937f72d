// Files on their way: checked here for a quick answer, sent two at a time, each with its progress.
import { useRef, useState } from 'react'
import { client, mayPassLater, wordsFor } from './client.ts'

export interface Upload {
  readonly key: number
  readonly file: File
  /** A preview from this machine. */
  readonly preview: string
  readonly fraction: number
  readonly problem?: string
  /** Sending it again would not help. */
  readonly isFinal?: boolean
}

export interface Uploads {
  readonly items: readonly Upload[]
  start(files: Iterable<File>): void
  retry(upload: Upload): void
  dismiss(upload: Upload): void
}

const MAX_BYTES = 10 * 1024 * 1024
const AT_ONCE = 2
export const ACCEPTED = ['image/jpeg', 'image/png', 'image/webp', 'image/gif']

function refusal(file: File): string | undefined {
  if (!ACCEPTED.includes(file.type)) return 'Only JPEG, PNG, WebP and GIF pictures can be kept.'
  if (file.size === 0) return 'This file is empty.'
  return file.size > MAX_BYTES ? 'This picture is larger than 10 MB.' : undefined
}

/** `onStored` is told about every file that has arrived. */
export function useUploads(onStored: (fileId: string) => Promise<void>): Uploads {
  const [items, setItems] = useState<readonly Upload[]>([])
  const waiting = useRef<Upload[]>([])
  const running = useRef(0)
  const lastKey = useRef(0)

  const patch = (key: number, changes: Partial<Upload>): void =>
    setItems((known) => known.map((upload) => (upload.key === key ? { ...upload, ...changes } : upload)))
  const drop = (upload: Upload): void => {
    URL.revokeObjectURL(upload.preview)
    setItems((known) => known.filter((other) => other.key !== upload.key))
  }
  const send = async (upload: Upload): Promise<void> => {
    try {
      const stored = await client.upload('photos', upload.file, { onProgress: (fraction) => patch(upload.key, { fraction }) })
      await onStored(stored.id)
      drop(upload)
    } catch (error) {
      patch(upload.key, { problem: wordsFor(error), isFinal: !mayPassLater(error) })
    }
  }
  const pump = (): void => {
    while (running.current < AT_ONCE) {
      const upload = waiting.current.shift()
      if (upload === undefined) return
      running.current += 1
      void send(upload).finally(() => {
        running.current -= 1
        pump()
      })
    }
  }
  const enqueue = (uploads: readonly Upload[]): void => {
    waiting.current.push(...uploads.filter((upload) => upload.problem === undefined))
    pump()
  }

  return {
    items,
    start(files) {
      const added = [...files].map((file) => {
        lastKey.current += 1
        const problem = refusal(file)
        return {
          key: lastKey.current,
          file,
          preview: URL.createObjectURL(file),
          fraction: 0,
          ...(problem === undefined ? {} : { problem, isFinal: true }),
        }
      })
      setItems((known) => [...added, ...known])
      enqueue(added)
    },
    retry(upload) {
      const { problem: _, ...again } = { ...upload, fraction: 0 }
      setItems((known) => known.map((other) => (other.key === upload.key ? again : other)))
      enqueue([again])
    },
    dismiss: drop,
  }
}
