// The HTML of productpage.
const style = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1f2430; }
  header { background: #22303f; color: #fff; padding: .8rem 2rem; display: flex; justify-content: space-between; }
  header a, header button { color: #fff; background: none; border: 0; font: inherit; cursor: pointer; }
  main { max-width: 60rem; margin: 2rem auto; padding: 0 2rem; }
  .columns { display: grid; grid-template-columns: 1fr 1fr; gap: 3rem; }
  blockquote { margin: 0 0 1.5rem; } footer, small { color: #687080; }
  dt { font-weight: 600; float: left; clear: left; width: 8rem; } dd { margin: 0 0 .3rem 8rem; }
  .glyphicon-star::before { content: "\\2605"; } .glyphicon-star-empty::before { content: "\\2606"; }`;

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function layout(user, content) {
  const account =
    user === ''
      ? '<form method="post" action="/login"><input name="username" placeholder="user name" required> <input type="password" name="passwd" placeholder="password"> <button type="submit">Sign in</button></form>'
      : `<span>${escapeHtml(user)} (<a href="/logout">sign out</a>)</span>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Simple Bookstore App</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${style}</style>
</head>
<body>
<header><a href="/">BookInfo Sample</a>${account}</header>
<main>
${content}
</main>
</body>
</html>
`;
}

export function indexPage(services) {
  const list = services.map((name) => `<li>${escapeHtml(name)}</li>`).join('');
  return layout(
    '',
    `<h1>Bookinfo</h1><p>A small shop made of services:</p><ul>${list}</ul><p><a href="/productpage?u=normal">Normal user</a> <a href="/productpage?u=test">Test user</a></p>`,
  );
}

export function productPage({ product, details, reviews, user }) {
  return layout(
    user,
    `<h1>${escapeHtml(product.title)}</h1>
<p>Summary: ${product.descriptionHtml}</p>
<div class="columns">
<section>
<h2>Book Details</h2>
${details.status === 200 ? detailList(details.body) : apology('product details', details.body)}
</section>
<section>
<h2>Book Reviews</h2>
${reviews.status === 200 ? reviewList(reviews.body) : apology('product reviews', reviews.body)}
</section>
</div>`,
  );
}

function detailList(details) {
  const rows = [
    ['Type', details.type],
    ['Pages', details.pages],
    ['Publisher', details.publisher],
    ['Language', details.language],
    ['ISBN-10', details['ISBN-10']],
    ['ISBN-13', details['ISBN-13']],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}:</dt><dd>${escapeHtml(value)}</dd>`).join('\n')}</dl>`;
}

function reviewList(body) {
  const items = (body?.reviews ?? []).map(
    (review) => `<blockquote>
<p>${escapeHtml(review.text)}</p>
<small>${escapeHtml(review.reviewer)}</small>
${review.rating ? ratingLine(review.rating) : ''}
</blockquote>`,
  );
  const served = body?.podname
    ? `<dl><dt>Reviews served by:</dt><dd><u>${escapeHtml(body.podname)}</u></dd></dl>`
    : '';
  return items.join('\n') + served;
}

function ratingLine(rating) {
  if (rating.error) return `<p><i>${escapeHtml(rating.error)}</i></p>`;
  const stars = '<span class="glyphicon glyphicon-star"></span>'.repeat(
    Math.max(0, Math.min(5, rating.stars)),
  );
  const empty = '<span class="glyphicon glyphicon-star-empty"></span>'.repeat(Math.max(0, 5 - rating.stars));
  return `<font color="${escapeHtml(rating.color)}">${stars}${empty}</font>`;
}

function apology(what, body) {
  return `<h3>Error fetching ${what}!</h3><p>${escapeHtml(body?.error ?? '')}</p>`;
}
