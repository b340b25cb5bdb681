/* The shop that paper requests go to. */
#ifndef TESTS_FUZZ_PAPER_PAPER_SHOP_H
#define TESTS_FUZZ_PAPER_PAPER_SHOP_H

struct service;

/* The service with its shop, which paper_begin() made. */
struct service *paper_shop_service(void);

#endif
