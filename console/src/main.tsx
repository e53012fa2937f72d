// Start here: the operators' console.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet is imported for its effect
import 'uplot/dist/uPlot.min.css'
import { App } from './app.tsx'
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet is imported for its effect
import './style.css'

const place = document.getElementById('console')
if (place === null) throw new Error('The page has no place for the console')
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
