/* Everything that is held about a person, as JSON. */
#include "commerced/http/shape.h"

/* As the numbers of entitlement.source and transfer.kind say. */
static const char *const person_sources[] = { "", "purchase", "gift",
	"fulfilment" };
static const char *const person_transfers[] = { "", "gift-code", "sale",
	"refund", "forfeit" };

static const char *
person_word(const char *const *words, size_t count, int64_t number)
{
	return number > 0 && (uint64_t)number < count ? words[number] :
	    "other";
}
#define PERSON_WORD(words, number) \
	person_word(words, sizeof(words) / sizeof(words[0]), number)

/* One element of a list, for the person's currency; NULL without memory. */
typedef json_t *person_element(const struct person *person, size_t index,
    const char *currency);

static json_t *
person_session(const struct person *person, size_t index,
    const char *currency)
{
	const struct session *session = &person->sessions[index];

	(void)currency;
	return json_pack("{s:o, s:o, s:o, s:o}",
	    "id", shape_uuid(&session->id),
	    "created_at", shape_time_ms(session->created_ms),
	    "used_at", shape_time_ms(session->used_ms),
	    "expires_at", shape_time_ms(session->expires_ms));
}

static json_t *
person_owned(const struct person *person, size_t index, const char *currency)
{
	const struct owned_item *owned = &person->owned[index];

	(void)currency;
	return json_pack("{s:o, s:s, s:s, s:o}",
	    "item", shape_uuid(&owned->item),
	    "title", owned->title,
	    "source", PERSON_WORD(person_sources, owned->source),
	    "since", shape_time_ms(owned->since_ms));
}

/* Amounts with a sign: what went is negative. */
static json_t *
person_transfer(const struct person *person, size_t index,
    const char *currency)
{
	const struct person_transfer *transfer = &person->transfers[index];

	return json_pack("{s:o, s:s, s:I, s:s}",
	    "at", shape_time_ms(transfer->at_ms),
	    "kind", PERSON_WORD(person_transfers, transfer->kind),
	    "amount", (json_int_t)transfer->amount_minor,
	    "currency", currency);
}

static json_t *
person_claim(const struct person *person, size_t index, const char *currency)
{
	const struct person_claim *claim = &person->claims[index];

	(void)currency;
	return json_pack("{s:s, s:s?, s:o}",
	    "source", PERSON_WORD(person_sources, claim->source),
	    "reference", claim->reference,
	    "at", shape_time_ms(claim->claimed_ms));
}

static json_t *
person_refund(const struct person *person, size_t index, const char *currency)
{
	const struct person_refund *refund = &person->refunds[index];

	return json_pack("{s:I, s:o, s:s, s:o}",
	    "number", (json_int_t)refund->purchase,
	    "amount", shape_money(currency, refund->amount_minor),
	    "reason", refund->reason,
	    "at", shape_time_ms(refund->at_ms));
}

static json_t *
person_key(const struct person *person, size_t index, const char *currency)
{
	(void)currency;
	return json_string(person->keys[index]);
}

static json_t *
person_purchase(const struct person *person, size_t index,
    const char *currency)
{
	return shape_purchase(&person->purchases.purchases[index], currency);
}

static json_t *
person_list(const struct person *person, size_t count,
    const char *currency, person_element *element)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(array, element(person, i,
		    currency)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* The files of the library alone: there is no page to follow. */
static json_t *
shape_person_library(const struct person *person)
{
	json_t *page = shape_library(&person->library);
	json_t *items = json_incref(json_object_get(page, "items"));

	json_decref(page);
	return items;
}

json_t *
shape_person(const struct person *person, const char *currency)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o}",
	    "account", shape_account(&person->account, currency),
	    "password_reset_until", person->reset_expires_ms == 0 ?
	    json_null() : shape_time_ms(person->reset_expires_ms),
	    "sessions", person_list(person, person->session_count, currency,
	    person_session),
	    "purchases", person_list(person, person->purchases.count, currency,
	    person_purchase),
	    "refunds", person_list(person, person->refund_count, currency,
	    person_refund),
	    "claims", person_list(person, person->claim_count, currency,
	    person_claim),
	    "idempotency_keys", person_list(person, person->key_count,
	    currency, person_key),
	    "owned", person_list(person, person->owned_count, currency,
	    person_owned),
	    "library", shape_person_library(person),
	    "ledger", person_list(person, person->transfer_count, currency,
	    person_transfer));
}
