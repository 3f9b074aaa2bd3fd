import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { hostChannel, openConnection } from './connection.ts'

mount(App, { target: document.getElementById('window')!, props: { connection: openConnection(hostChannel) } })
