// One picture on its way.
import { type ReactElement, useState } from 'react'
import type { Upload } from './use-uploads.ts'

export interface UploadCardProps {
  readonly upload: Upload
  readonly onRetry: () => void
  readonly onDismiss: () => void
}

export function UploadCard({ upload, onRetry, onDismiss }: UploadCardProps): ReactElement {
  const { file, preview, fraction, problem, isFinal = false } = upload
  const [isPicture, setIsPicture] = useState(file.type.startsWith('image/'))
  return (
    <li className='card sending'>
      {isPicture && (
        <div className='picture'>
          <img src={preview} alt='' onError={() => setIsPicture(false)} />
        </div>
      )}
      <div className='words'>
        <p className='name'>{file.name}</p>
        {problem === undefined ? (
          <progress value={fraction} max={1} aria-label={`Sending ${file.name}`} />
        ) : (
          <>
            <p className='problem' role='alert'>
              {problem}
            </p>
            <p className='row'>
              {!isFinal && (
                <button type='button' className='small' onClick={onRetry}>
                  Try again
                </button>
              )}
              <button type='button' className='small' onClick={onDismiss}>
                Dismiss
              </button>
            </p>
          </>
        )}
      </div>
    </li>
  )
}
