// Asks once more: a deleted photo does not come back.
import { type ReactElement, useEffect, useId, useRef } from 'react'

export interface DeleteDialogProps {
  readonly label: string
  readonly onDelete: () => void
  readonly onClose: () => void
}

export function DeleteDialog({ label, onDelete, onClose }: DeleteDialogProps): ReactElement {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    // Enter pressed once too often deletes nothing.
    keep.current?.focus()
    return () => shown?.close()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>Delete this photo?</h2>
      <p>
        <q>{label}</q> and its picture will be gone for good.
      </p>
      <p className='row'>
        <button type='button' className='button danger' onClick={onDelete}>
          Delete
        </button>
        <button ref={keep} type='button' className='button plain' onClick={() => dialog.current?.close()}>
          Keep it
        </button>
      </p>
    </dialog>
  )
}
