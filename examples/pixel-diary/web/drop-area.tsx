// Pictures enter here: dropped anywhere on the page, or picked with the button that follows the reader.
import { type DragEvent, type ReactElement, type ReactNode, useRef, useState } from 'react'
import { Icon } from './brand.tsx'
import { ACCEPTED } from './use-uploads.ts'

export interface DropAreaProps {
  readonly onFiles: (files: Iterable<File>) => void
  readonly children: ReactNode
}

export function DropArea({ onFiles, children }: DropAreaProps): ReactElement {
  // Entering a child fires before leaving its parent: only the count tells whether the pointer has left the page.
  const depth = useRef(0)
  const [over, setOver] = useState(false)
  const move = (by: number) => (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    depth.current += by
    setOver(depth.current > 0)
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    depth.current = 0
    setOver(false)
    onFiles(event.dataTransfer.files)
  }
  return (
    <div className={over ? 'drop over' : 'drop'} onDragEnter={move(1)} onDragLeave={move(-1)} onDragOver={move(0)} onDrop={drop}>
      <input
        id='picker'
        className='picker'
        type='file'
        multiple
        accept={ACCEPTED.join(',')}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          // The same picture may be chosen again.
          event.target.value = ''
        }}
      />
      <label className='button add' htmlFor='picker'>
        <Icon name='plus' /> Add photos
      </label>
      {children}
    </div>
  )
}
