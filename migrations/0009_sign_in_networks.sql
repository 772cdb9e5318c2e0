-- From which networks users signed in with their password: an IPv4 address, or the
-- /64 network of an IPv6 one. Failed sign-ins by others do not keep a user out of a
-- network from which they signed in within the last 30 days; older rows are deleted.

CREATE TABLE sign_in_networks (
    user_id      BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    network      INET NOT NULL,
    signed_in_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, network)
);

CREATE INDEX sign_in_networks_signed_in_at_idx ON sign_in_networks (signed_in_at);
