// What browsers refused to load because our own pages did not allow it.
import { useState } from 'react'
import { api, type PolicyReport } from './api.ts'
import { moment } from './format.ts'
import { usePolling } from './poll.ts'

export function Reports({ active }: { readonly active: boolean }): React.JSX.Element {
  const [reports, setReports] = useState<readonly PolicyReport[]>()
  usePolling(async (signal) => setReports((await api.reports(signal)).items), active)
  return (
    <section className='card' aria-labelledby='reports'>
      <div className='bar'>
        <h2 id='reports'>Policy reports</h2>
        <span className='note'>what browsers blocked by the content security policy</span>
      </div>
      {reports === undefined || reports.length === 0 ? (
        <p className='empty'>{reports === undefined ? 'Waiting for figures.' : 'None. Pages load only what they may.'}</p>
      ) : (
        <table className='log'>
          <thead>
            <tr>
              <th scope='col'>Time</th>
              <th scope='col'>Directive</th>
              <th scope='col'>Blocked</th>
              <th scope='col'>On</th>
              <th scope='col'>Times</th>
            </tr>
          </thead>
          <tbody>
            {reports.map((report) => (
              <tr key={report.id}>
                <td data-name='Time'>
                  <time dateTime={report.at}>{moment(report.at)}</time>
                </td>
                <td data-name='Directive'>{report.directive}</td>
                <th scope='row' className='mono'>
                  {report.blockedUri}
                </th>
                <td data-name='On' className='mono'>
                  {report.documentUri}
                </td>
                <td data-name='Times'>{report.count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
