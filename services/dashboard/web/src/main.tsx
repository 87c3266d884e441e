import { render } from 'preact';
import { App } from './app.tsx';
import { startFeed } from './feed.ts';

render(<App />, document.querySelector('#app')!);
startFeed();
