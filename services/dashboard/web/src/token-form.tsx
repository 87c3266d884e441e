import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { operatorToken, type Problem } from './api.ts';

export function TokenForm({ problem, onToken }: { problem: Problem; onToken: () => void }): JSX.Element {
  const [token, setToken] = useState('');
  return (
    <form
      class="token"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        operatorToken.value = token;
        onToken();
      }}
    >
      <h1>Dead letters</h1>
      <p role="alert">{problem.message}.</p>
      <label for="operator-token">Operator token</label>
      <input
        id="operator-token"
        type="password"
        autocomplete="off"
        value={token}
        onInput={({ currentTarget }) => setToken(currentTarget.value)}
      />
      <button type="submit" class="primary" disabled={token === ''}>
        Continue
      </button>
      <p class="quiet">The token is stored until this tab is closed.</p>
    </form>
  );
}
