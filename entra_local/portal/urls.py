"""Every page and form of localhost."""

from entra_local.portal import actions, responses
from entra_local.routing import Route, Table
from entra_local.service import Request

TABLE: Table[Request] = Table(
    [
        Route("GET", "/", responses.front_page),
        Route("GET", "/health", responses.health),
        Route("GET", "/portal", responses.front_page),
        Route("GET", "/portal/{tenant}", responses.overview),
        Route("GET", "/portal/{tenant}/people", responses.list_people),
        Route("POST", "/portal/{tenant}/people", actions.add_person),
        Route("GET", "/portal/{tenant}/people/{id}", responses.show_person),
        Route("POST", "/portal/{tenant}/people/{id}/groups", actions.move_person),
        Route("POST", "/portal/{tenant}/people/{id}/enabled", actions.enable_person),
        Route("POST", "/portal/{tenant}/people/{id}/sign-out", actions.sign_out_person),
        Route("POST", "/portal/{tenant}/people/{id}/password", actions.set_password),
        Route("GET", "/portal/{tenant}/groups", responses.list_groups),
        Route("GET", "/portal/{tenant}/groups/{id}", responses.show_group),
        Route("POST", "/portal/{tenant}/groups/{id}/add", actions.add_member),
        Route("POST", "/portal/{tenant}/groups/{id}/remove", actions.remove_member),
        Route("GET", "/portal/{tenant}/sign-ins", responses.sign_in_log),
    ]
)
