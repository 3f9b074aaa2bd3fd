/** What the window shows. */
export type Route =
  | { view: 'library' }
  | { view: 'search'; query: string }
  /** One photo, among those that a query finds; an empty one is all photos. */
  | { view: 'photo'; photo: number; query: string }
  | { view: 'teach' }
  | { view: 'work' }
  | { view: 'settings'; part: string }
  | { view: 'first' }

/** The route stands in the address, behind `#`, so that a browser's back and forward go through it. */
function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  const query = new URLSearchParams(search).get('q') ?? ''
  const [view, rest = ''] = path.split('/')
  if (view === 'search') return { view, query }
  if (view === 'photo' && /^[1-9]\d{0,15}$/.test(rest)) return { view, photo: Number(rest), query }
  if (view === 'teach' || view === 'work' || view === 'first') return { view }
  if (view === 'settings') return { view, part: rest }
  return { view: 'library' }
}

export function formatRoute(route: Route): string {
  const query = 'query' in route && route.query !== '' ? `?${new URLSearchParams({ q: route.query })}` : ''
  if (route.view === 'photo') return `#/photo/${route.photo}${query}`
  if (route.view === 'settings') return `#/settings${route.part && `/${route.part}`}`
  return `#/${route.view}${query}`
}

export class Router {
  #route = $state.raw<Route>(parseRoute(location.hash))

  constructor() {
    window.addEventListener('hashchange', () => {
      this.#route = parseRoute(location.hash)
    })
  }

  get route(): Route {
    return this.#route
  }

  /** @param replace in the place of the present entry of the history, as for the next photo or another letter of a query */
  go(route: Route, { replace = false } = {}): void {
    const hash = formatRoute(route)
    if (replace) history.replaceState(history.state, '', hash)
    else if (hash !== location.hash) history.pushState(null, '', hash)
    this.#route = route
  }
}
