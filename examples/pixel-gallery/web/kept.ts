// Counts what this origin has in the browser's storages, so that anybody can see that it is nothing.
export async function countKept(): Promise<Record<string, number>> {
  const databases = 'databases' in indexedDB ? await indexedDB.databases() : []
  return {
    'Local storage': localStorage.length,
    'Session storage': sessionStorage.length,
    'Indexed databases': databases.length,
  }
}
