import { render } from 'preact';
render(<h1>order-pipeline</h1>, document.querySelector('#app')!);
