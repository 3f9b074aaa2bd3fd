export interface MapOptions {
  platform: NodeJS.Platform
  /** The program that opens `geo:` addresses; '' where there is none. */
  mapProgram: string
}

/** Where the system shows a place, and what the person is told that it goes to. */
export function mapAddress(
  latitude: number,
  longitude: number,
  { platform, mapProgram }: MapOptions,
): { host: string; address: string } {
  const place = `${latitude.toFixed(6)},${longitude.toFixed(6)}`
  if (platform === 'darwin') return { host: 'maps.apple.com', address: `https://maps.apple.com/?ll=${place}` }
  if (mapProgram !== '') return { host: mapProgram, address: `geo:${place}` }
  const [north, east] = place.split(',')
  return {
    host: 'www.openstreetmap.org',
    address: `https://www.openstreetmap.org/?mlat=${north}&mlon=${east}#map=16/${north}/${east}`,
  }
}
