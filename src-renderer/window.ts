import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import type { Connection } from './connection.ts'

export function showWindow(connection: Connection): void {
  mount(App, { target: document.getElementById('window')!, props: { connection } })
}
