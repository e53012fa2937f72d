// The caption, being written: Enter saves, Escape leaves it as it was.
import { type FormEvent, type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from 'react'
import { wordsFor } from './client.ts'

export interface CaptionFormProps {
  readonly caption: string
  readonly onSave: (caption: string) => Promise<void>
  readonly onCancel: () => void
}

export function CaptionForm({ caption, onSave, onCancel }: CaptionFormProps): ReactElement {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(caption)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  useEffect(() => field.current?.select(), [])

  const save = async (event: FormEvent | KeyboardEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await onSave(text.trim())
    } catch (error) {
      setProblem(wordsFor(error))
      setBusy(false)
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onCancel()
    if (event.key === 'Enter' && !event.shiftKey) void save(event)
  }
  return (
    <form className='caption-form' onSubmit={(event) => void save(event)}>
      <label className='hidden' htmlFor={id}>
        Caption
      </label>
      <textarea
        ref={field}
        id={id}
        value={text}
        rows={2}
        maxLength={280}
        placeholder='What was it like?'
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {problem !== undefined && (
        <p className='problem' id={`${id}-problem`} role='alert'>
          {problem}
        </p>
      )}
      <p className='row'>
        <button className='small strong' disabled={busy}>
          Save
        </button>
        <button type='button' className='small' onClick={onCancel}>
          Cancel
        </button>
      </p>
    </form>
  )
}
